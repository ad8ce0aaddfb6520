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
save = Save
edit = Edit
remove = Remove
choose = Choose
enabled = Enabled
updated-at = Changed
identifier = Id
yes-it-is = Yes
no-it-is-not = No
none-of-them = None
search-by-name = Search by name
tab-overview = Overview
tab-settings = Settings
said-saved = Saved.
said-removed = Removed.
said-cut-everywhere = Done. All gateways that run enforce it.
said-cut-soon = Done. Not all gateways have confirmed it yet; see “Gateways”.
said-cut-without-gateways = Done. No gateway runs that has to hear of it.
check-passed = The check passed.
check-failed = { $count ->
    [one] The check found a problem:
   *[other] The check found { $count } problems:
 }
visibility-private = Private
visibility-public = Public
status-published = Published
status-unpublished = Not published
status-enabled = Enabled
status-disabled = Disabled
status-verified = Verified
tab-published-apis = Published APIs
tab-pages = Pages
tab-look = Look
tab-sign-in = Sign-in
tab-developers = Developers
tab-network = Host name and network
portal-address = Address of the portal
portal-domain = Host name
portal-developers-pending = Developers that wait
portal-registrations-pending = Registrations that wait
portal-delete = Delete portal
portal-delete-says = The portal “{ $name }” goes with all that is in it.
cuts-publications = { $count ->
    [one] 1 published API
   *[other] { $count } published APIs
 }
cuts-developers = { $count ->
    [one] 1 developer
   *[other] { $count } developers
 }
cuts-applications = { $count ->
    [one] 1 application
   *[other] { $count } applications
 }
cuts-credentials = { $count ->
    [one] 1 key or other credential
   *[other] { $count } keys and other credentials
 }
cuts-registrations = { $count ->
    [one] 1 registration of an application
   *[other] { $count } registrations of applications
 }
cuts-approved = { $count ->
    [one] 1 approved registration: its calls are refused from then on
   *[other] { $count } approved registrations: their calls are refused from then on
 }
cuts-pages = { $count ->
    [one] 1 page below it
   *[other] { $count } pages below it
 }
cuts-documents = { $count ->
    [one] 1 document below it
   *[other] { $count } documents below it
 }
cuts-specification = Its specification, which developers read
cuts-sign-in = Developers who sign in with it cannot sign in any more
cuts-linked = { $count ->
    [one] 1 API that is linked to it
   *[other] { $count } APIs that are linked to it
 }
cuts-services = { $count ->
    [one] 1 service
   *[other] { $count } services
 }
cuts-routes = { $count ->
    [one] 1 route
   *[other] { $count } routes
 }
portal-rbac = Teams decide who sees and uses which API
portal-default-strategy = Default authentication strategy
portal-api-visibility = Default visibility of APIs
portal-page-visibility = Default visibility of pages
revoked-developers = When a developer is revoked
revoked-developers-hint = It decides what becomes of the applications that only this developer owns.
revoked-stop = their applications stop at once
revoked-keep = their applications go on
look-color = Colour
look-color-hint = As #0b5cad. Links and buttons have it.
look-mode = Light or dark
mode-system = As the reader's device has it
mode-light = Light
mode-dark = Dark
look-logo = Logo
look-favicon = Icon of the browser's tab
look-menu = Main menu
look-menu-hint = One entry on each line: Title { "|" } /path or https://address. With { "|" } private at the end only those see it who signed in.
look-footer = Sections of the foot
look-footer-hint = A line “# Title” begins a section; its entries follow as in the menu.
look-footer-bottom = Last line of the foot
host-own = Own host name
host-new = Set a host name
host-none = The portal has no host name of its own yet.
host-name = Host name
host-cname = DNS entry
host-certificate = Certificate
host-method = Certificate from
host-by-http = whatever stands before the portal
host-by-certificate = here: a certificate of your own
host-own-certificate = Certificate (PEM)
host-own-key = Private key of the certificate
host-remove = Remove the host name
host-remove-says = The portal is not reached by this host name any more; its address stays.
allow-list = Addresses that may reach the portal
allow-list-new = Add addresses
allow-list-none = Everybody may: no addresses are named.
allow-list-addresses = IP addresses and networks
allow-list-addresses-hint = One on each line, as 192.0.2.7 or 2001:db8::/32.
allow-list-remove = Remove addresses
allow-list-remove-says = These addresses are not named any more. When no address is left, everybody may reach the portal.
tree-top = At the top
page-new = New page
pages-none = No pages yet
pages-none-text = Pages tell developers what no API says: how to begin, whom to ask, what is allowed.
page-title = Title
page-slug = Path
page-slug-hint = What the page's address ends with.
page-description = Description
page-parent = Below
page-status = State
page-visibility = Visibility
page-content = Text (Markdown)
page-preview = As it is shown
page-remove = Remove page
page-remove-says = The page “{ $title }” goes.
sign-in-password = Developers may sign in with a password
sign-in-teams = Groups of the identity provider give teams
sign-in-teams-left = Teams without a group are left to administrators
sign-in-provider = Identity provider (OpenID Connect)
sign-in-provider-none = None yet: developers sign in with passwords only.
provider-new = Add an identity provider
provider-enabled = Developers may sign in with it
provider-issuer = Issuer
provider-issuer-hint = Its configuration is read at /.well-known/openid-configuration below it.
provider-client-id = Client id
provider-client-secret = Client secret
provider-client-secret-hint = It is never shown again. Left empty, it stays as it is.
provider-scopes = Scopes
provider-scopes-hint = One on each line.
provider-claim-name = Claim with the name
provider-claim-email = Claim with the e-mail address
provider-claim-groups = Claim with the groups
provider-remove = Remove the identity provider
provider-remove-says = Nobody signs in with { $issuer } any more.
mappings = Teams by groups
mappings-none = No group gives a team yet.
mapping-new = Add a group
mapping-group = Group
mapping-team = Team
mapping-remove = Remove the group
mapping-remove-says = Members of the group “{ $group }” are not put into the team any more when they sign in.
portal-open = Open the portal
still-used = It is still used, so it cannot be deleted:
go-back = Back
