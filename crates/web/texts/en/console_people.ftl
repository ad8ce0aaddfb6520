# Developers, applications, requests, gateways, log in the console.

# Developers, applications, requests and teams.

people-portal = Portal
people-every-portal = All portals
people-needs-portal = Developers and their applications belong to a portal. Create one first.
people-name = Name
people-status = Status
people-every-status = Every status
people-since = Since
people-choose = Choose
people-choose-one = Choose { $name }
people-choose-all = Choose all of this page
people-decide = Decide
people-approve = Approve
people-reject = Reject
people-revoke = Revoke
people-approve-chosen = Approve chosen
people-reject-chosen = Reject chosen
people-revoke-chosen = Revoke chosen
people-approve-all = { $count ->
    [one] Approve the one that matches
   *[other] Approve all { $count } that match
 }
people-reject-all = { $count ->
    [one] Reject the one that matches
   *[other] Reject all { $count } that match
 }
people-revoke-sure = Revoke access?
people-reject-sure = Reject what has access now?
people-sure-text = { $count ->
    [one] Its calls are refused as soon as gateways hear of it.
   *[other] { $count } lose their access. Their calls are refused as soon as gateways hear of it.
 }
people-and-more = { $count ->
    [one] and 1 more
   *[other] and { $count } more
 }
people-cut-applications = { $count ->
    [one] 1 application
   *[other] { $count } applications
 }
people-cut-registrations = { $count ->
    [one] 1 registration for an API
   *[other] { $count } registrations for APIs
 }
people-cut-credentials = { $count ->
    [one] 1 credential
   *[other] { $count } credentials
 }
people-enforced = { $enforced } of { $live } running gateways enforce this already.
people-enforced-none = No gateway is running. Those that start will enforce this.
people-enforced-unknown = It cannot be told which gateways enforce this already.
people-working = Working
people-progress = { $done } of { $total } done
people-continue = Continue
people-stop = Stop here
people-result = Result
people-done = { $count ->
    [one] One is decided
   *[other] { $count } are decided
 }
people-failed = { $count ->
    [one] One did not work:
   *[other] { $count } did not work:
 }
people-go-back = Back to the list
said-people-none-chosen = Nothing was chosen, so nothing was changed.
said-people-approved = Approved.
said-people-rejected = Rejected.
said-people-revoked = Revoked.

people-search-developer = Name, or address with @
people-developer-new = New developer
people-developer-add = Add developer
people-developers-none = No developers yet
people-developers-none-text = Developers sign up in the portal, or you add them here.
people-found-none = Nothing matches
people-found-none-text = Search for something else, or for every status.
people-as-signed-up = As for those who sign up
people-invite = Send an invitation
people-invite-hint = The e-mail has a link to choose a password.
said-people-developer-added = The developer was added.
said-people-developer-deleted = The developer is deleted, with all their applications.
people-applications-none = No applications.
people-registrations = Registrations
people-registrations-none = No registrations.
people-teams-none-of = In no team.
people-all = { $count ->
    [one] The one there is
   *[other] All { $count }
 }
people-delete = Delete
people-delete-named = Delete { $name }?
people-developer-delete-text = The account of { $name } goes, with everything that is theirs. Calls with their keys are refused as soon as gateways hear of it.

people-requests-none = Nothing waits
people-requests-none-text = Registrations and developers that need your approval show up here.
people-waiting-registrations = { $count ->
    [one] 1 registration waits
   *[other] { $count } registrations wait
 }
people-waiting-developers = { $count ->
    [one] 1 developer waits
   *[other] { $count } developers wait
 }
people-waits-since = Waits since
people-more-in = { $count ->
    [one] 1 more in { $portal }
   *[other] { $count } more in { $portal }
 }
people-owner = Owner
people-application = Application
people-api = API
people-team-named = Team { $name }

people-overview = Overview
people-figure-requests = Waiting requests
people-figure-behind = of { $count } gateways behind
people-look-requests = Look at the requests
people-behind-text = A running gateway does not enforce the newest policy yet. It keeps what it knows until it hears of more.
people-next = What to do next
people-next-done = Done
people-next-portal = Create a portal
people-next-gateway = Add a gateway
people-next-api = Add an API
people-next-publish = Publish an API in the portal
people-next-register = Have the first developer ask for access

people-search-application = Search by name
people-applications-none-text = Developers create applications in the portal to get keys and to ask for access to APIs.
people-applications-none-title = No applications yet
people-strategy = Auth strategy
people-client-id = Client id
people-dcr = Managed at the identity provider
people-description = Description
people-credentials = Credentials
people-credentials-none = No credentials.
people-expires = Expires
people-credential-unnamed = Without a name
people-credential-new = New credential
people-credential-create = Create credential
people-credential-name = Name
people-credential-name-hint = What it is for, so that it can be told from others.
people-credential-expires = Expires
people-credential-expires-hint = Without a time, as the auth strategy says.
people-credential-made = Credential created
people-credential-copy = Copy it now. It is not shown again.
people-credential-key = Key
people-credential-secret = Client secret
people-credential-import = Import key
people-credential-import-text = A key that is in use elsewhere goes on working. Give the key itself, or only its digest.
people-credential-value = Key
people-credential-value-hint = 16 to 512 characters. It is kept as a digest.
people-digest-algorithm = Algorithm of the digest
people-digest-none = No digest
people-digest-value = Digest
people-digest-value-hint = In hexadecimal or base64url, instead of the key.
people-digest-pepper = Id of the pepper
people-digest-pepper-hint = For hmac-sha256, if it is not the newest.
people-credential-rotate = Rotate
people-credential-rotate-named = Rotate { $name }
people-credential-rotate-text = A new key is made. The old one goes on working until the time below, so that callers can change over.
people-credential-retire = The old key works until
people-credential-retire-hint = Without a time, as the portal is configured.
people-credential-idle = or until it was not used for so many hours
people-credential-revoke-named = Revoke { $name }?
people-credential-revoke-text = Calls with it are refused as soon as gateways hear of it.
said-people-credential-revoked = The credential is revoked.
said-people-credential-imported = The key was imported.
people-registration-new = Add registration
people-registration-create = Add
people-registration-api = API
people-no-apis-published = Nothing is published in this portal.
said-people-registered = The registration was added.
people-limits = Limits
people-limits-none = No limits.
people-limits-change = Change limits
people-limit-kind = Kind
people-limit-rate = Rate
people-limit-quota = Quota
people-limit-requests = Requests
people-limit-window = Window
people-limit-apis = APIs that count
people-limit-apis-hint = None chosen: every API counts.
people-limit-every-api = Every API
people-limit-add = Add limit
people-limit-remove = Remove
people-window-second = Second
people-window-minute = Minute
people-window-hour = Hour
people-window-day = Day
people-window-week = Week
people-window-month = 30 days
people-window-seconds = { $count } seconds
said-people-limits-changed = The limits are changed.
people-networks = Networks
people-networks-none = It may call from everywhere.
people-networks-change = Change networks
people-networks-hint = Addresses or networks, one on each line, as 192.0.2.0/24. None at all: from everywhere.
people-save = Save
said-people-networks-changed = The networks are changed.
people-usage = Calls of the last day
people-usage-none = No calls in the last day.
people-usage-allowed = Let through
people-usage-limited = Over a limit
people-usage-refused = Refused
people-application-delete-text = { $name } goes, with its credentials and registrations. Calls with its keys are refused as soon as gateways hear of it.
said-people-application-deleted = The application is deleted.

people-search-team = Search by name
people-team-new = New team
people-team-create = Create team
people-teams-none = No teams yet
people-teams-none-text = A team sees and uses the APIs that its roles open, and can own applications.
people-team-name = Name
people-team-description = Description
people-team-owns = May own applications
people-owns-yes = Owns applications
people-owns-no = May not own any
people-team-edit = Edit
people-members = Members
people-members-none = No members.
people-member-email = E-mail address of a developer
people-member-add = Add member
people-member-remove = Remove
people-member-unknown = There is no developer with this address in the portal.
people-roles = Roles on APIs
people-roles-none = No roles: the team sees what everybody sees.
people-role = Role
people-role-add = Add role
people-role-viewer = API Viewer: may see it
people-role-consumer = API Consumer: may see it and ask for access
people-team-delete-text = The team { $name } goes, with its roles.
people-cut-members = { $count ->
    [one] 1 member
   *[other] { $count } members
 }
people-cut-roles = { $count ->
    [one] 1 role on an API
   *[other] { $count } roles on APIs
 }
said-people-team-created = The team was created.
said-people-team-changed = The team is changed.
said-people-team-deleted = The team is deleted.
said-people-member-added = The developer is a member now.
said-people-member-removed = The developer is not a member any more.
said-people-role-added = The team has the role now.
said-people-role-removed = The team does not have the role any more.
