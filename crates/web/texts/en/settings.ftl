# Portals and their settings in the console.

portal-name = Name
portal-display-name = Name that developers see
portal-description = Description
portal-access = Access
portal-private = With accounts
portal-public = Public
portal-new = New portal
portal-search = Search by name
portals-none = No portal yet
portals-none-text = A portal shows APIs to developers, who sign up in it and get keys.
portal-authentication = Developers have accounts
portal-auto-developers = Approve developers automatically
portal-auto-applications = Approve registrations automatically
said-portal-created = The portal was created.
