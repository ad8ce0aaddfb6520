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

people-search-developer = Search by name, or by address with @
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
people-figure-behind = Gateways behind
people-look-requests = Look at the requests
people-behind-text = A running gateway does not enforce the newest policy yet. It keeps what it knows until it hears of more.
people-next = What to do next
people-next-done = Done
people-next-portal = Create a portal
people-next-gateway = Add a gateway
people-next-api = Add an API
people-next-publish = Publish an API in the portal
people-next-register = Have the first developer ask for access
