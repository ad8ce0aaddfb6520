# Applications, credentials, registrations, usage of developers.

app-new = New application
app-create = Create application
app-save = Save
app-edit = Edit
app-edit-of = Edit { $name }
app-delete = Delete application
app-delete-asks = “{ $name }” will be deleted with everything that belongs to it. This cannot be undone.
app-name = Name
app-strategy = Authentication
app-owner = Owner
app-owner-hint = A team’s application can be seen and changed by all of its members.
app-owner-you = You
app-owner-team = One of your teams
app-owner-any = Everybody’s
app-parts = Parts of this application
app-overview = Overview
app-keys = API keys
app-client = Client
app-usage = Usage
app-refusals = Why was my call refused?
app-accesses = Access to APIs
app-limits = Limits
app-apps-search = Search by name
app-apps-none = You have no applications yet
app-apps-none-text = An application holds the keys with which your program calls APIs, and is given access to them.
app-apps-not-found = No application matches
app-apps-not-found-text = Search for another name, or for all owners.
application-name = Application name
application-description = Description
application-client-id = Client ID
application-redirect-uri = Redirect URI
application-redirect-uri-hint = Where people are sent back to after they signed in. Programs without people need none.
application-scopes = Scopes
application-new-secret = Replace the client secret if the identity provider asks for that
application-new-secret-hint = Some providers replace it with every change of the redirect URI or the scopes. The new one is shown once.
said-own-app-created = The application was created.
said-own-app-changed = The application was changed.
said-own-app-deleted = The application was deleted.
said-own-app-deleted-everywhere = The application was deleted. All gateways refuse its calls already.
said-own-app-deleted-soon = The application was deleted. Some gateways have not heard of it yet; they refuse its calls as soon as they have.

app-strategy-choose = How will your program prove who it is? APIs are published with one of these; an application can use those with the same.
app-strategies-none = No applications can be created here
app-strategies-none-text = No API of this portal takes applications.
app-strategy-means-keys = Your program sends an API key with every call.
app-strategy-means-registered = A client is registered at the identity provider for you. Your program gets access tokens with its ID and secret, and sends them with every call.
app-strategy-means-self-managed = You make a client at the identity provider yourself and enter its ID here. Your program sends access tokens that were issued to it.
app-lifetime-days = { $count ->
    [one] 1 day
   *[other] { $count } days
 }
app-lifetime-weeks = { $count ->
    [one] 1 week
   *[other] { $count } weeks
 }
app-lifetime-years = { $count ->
    [one] 1 year
   *[other] { $count } years
 }

app-cuts-keys = { $count ->
    [0] no API key: there is none
    [one] 1 API key, at once
   *[other] { $count } API keys, at once
 }
app-cuts-client = the client at the identity provider, with its secret
app-cuts-access = calls of { $api }
app-cuts-calls = calls of { $api }, at once
app-cuts-more = { $count ->
    [one] calls of 1 more API
   *[other] calls of { $count } more APIs
 }
app-cuts-key = all calls with this key, at once
app-cuts-secret = whatever gets its tokens with this secret

app-limit-rate = { $count ->
    [one] At most 1 call per { $window }
   *[other] At most { $count } calls per { $window }
 }
app-limit-quota = { $count ->
    [one] A quota of 1 call per { $window }
   *[other] A quota of { $count } calls per { $window }
 }
app-limit-apis = { $count ->
    [one] (of one API)
   *[other] (of { $count } APIs together)
 }
app-limit-networks = Calls only from
app-window-seconds = { $count ->
    [one] second
   *[other] { $count } seconds
 }
app-window-minutes = { $count ->
    [one] minute
   *[other] { $count } minutes
 }
app-window-hours = { $count ->
    [one] hour
   *[other] { $count } hours
 }
app-window-days = { $count ->
    [one] day
   *[other] { $count } days
 }

app-access-api = API
app-access-status = Status
app-access-asked = Requested
app-access-changed = Last changed
app-access-acts = Actions
app-access-details = Details
app-access-find = Find APIs
app-access-history = History
app-access-to = Access to { $api }
app-access-means-approved = Calls are let through.
app-access-means-pending = An administrator has to approve it. Calls are refused until then.
app-access-means-rejected = It was turned down. Withdraw it before you request access again.
app-access-means-revoked = It was taken away. Calls are refused.
app-access-withdraw = Withdraw
app-access-withdraw-asks = “{ $name }” gives up its access to { $api }. You can request it again; it may have to be approved again.
app-accesses-none = No access to any API yet
app-accesses-none-text = Choose an API, and “Use this API” on its page.
app-by-developer = by the owner
app-by-administrator = by an administrator
app-by-itself = by itself
said-own-access-withdrawn = The access was withdrawn.
said-own-access-withdrawn-everywhere = The access was withdrawn. All gateways refuse such calls already.
said-own-access-withdrawn-soon = The access was withdrawn. Some gateways have not heard of it yet; they refuse such calls as soon as they have.

app-keys-header = Send a key in this header:
app-keys-count = { $count ->
    [one] This application has 1 key.
   *[other] This application has { $count } keys.
 }
app-keys-manage = Manage keys
app-keys-none = No API keys yet
app-keys-none-text = Your program needs a key to call APIs. It is shown once, when you create it.
app-keys-limit = An application can have up to 20 keys. Keys that ended stay in this list for a while.
app-keys-on = To the keys
app-on = To the application
app-key = API key
app-key-new = New API key
app-key-name = Key name
app-key-name-hint = So that you recognise it, for example where it is used.
app-key-state = State
app-key-used = Last used
app-key-ends = Expires
app-key-lives = New keys expire after { $life }.
app-key-lives-on = Keys do not expire. Rotate them now and then, and revoke those that are not needed.
app-key-yours = Your new API key
app-key-made = The key was created.
app-key-rename = Rename
app-key-rotate = Rotate
app-key-revoke = Revoke
app-key-revoke-asks = “{ $name }” of “{ $app }” stops working. This cannot be undone. To replace a key without interruption, rotate it.
app-key-retires-idle = { $count ->
    [one] ends after 1 hour without a call
   *[other] ends after { $count } hours without a call
 }
app-shown-once = Copy it now: it is shown this once and cannot be had again.
said-own-key-renamed = The key was renamed.
said-own-key-revoked = It was revoked.
said-own-key-revoked-everywhere = It was revoked. All gateways refuse it already.
said-own-key-revoked-soon = It was revoked. Some gateways have not heard of it yet; they refuse it as soon as they have.
status-expiring = Expires soon
status-retiring = Retiring
status-retired = Retired

app-rotation-of = Rotate { $name }
app-rotation-text = “{ $name }” gets a successor, and both work for a while, so that you can replace it wherever it is used:
app-rotation-text-new = The new key works at once. It is shown once.
app-rotation-text-old = The old key works until the date below: seven days from now if you leave it empty, at most 90 days.
app-rotation-text-end = With a number of hours, the old key ends earlier: as soon as nobody has called with it for so long. Then the latest date is 30 days from now if you leave it empty.
app-rotation-name = Name of the new key
app-rotation-until = Old key ends at the latest
app-rotation-idle = Old key ends after so many hours without a call
app-rotation-done = “{ $name }” has a successor. The old key works until
app-rotation-done-idle = { $count ->
    [one] It ends earlier if nobody calls with it for 1 hour.
   *[other] It ends earlier if nobody calls with it for { $count } hours.
 }

app-client-text = This application has a client at the identity provider.
app-client-manage = Client and secrets
app-client-secret = Client secret
app-client-secret-new = Your client secret
app-secret-one = The client has one secret, which the identity provider keeps. If it is lost, regenerate it.
app-secrets = Client secrets
app-secrets-text = The identity provider keeps them. A secret is shown once, when it is made.
app-secrets-most = { $count ->
    [one] It keeps 1 secret at a time.
   *[other] It keeps up to { $count } secrets at a time.
 }
app-secrets-none = The identity provider lists no secrets.
app-secret-unnamed = Client secret
app-secret-new = New client secret
app-secret-made = The secret was created.
app-secret-regenerate = Regenerate secret
app-secret-regenerate-asks = “{ $name }” gets a new client secret. The one that is in use stops working.
app-secret-regenerated = The client has a new secret.
app-token-how = How to get an access token
app-token-issuer = Ask the token endpoint of the issuer:
app-token-no-issuer = Ask the token endpoint of the identity provider. The page of the API, or the people who run the portal, tell you the issuer.

app-usage-period = Time
app-usage-hour = Last hour
app-usage-day = Last day
app-usage-week = Last 7 days
app-usage-month = Last 30 days
app-usage-format-week = %b %d %H:%M
app-usage-format-month = %b %d
app-usage-calls = Calls
app-usage-allowed = Let through
app-usage-refused = Refused
app-usage-share = { $whole }.{ $tenths } %
app-usage-over-time = Calls over time
app-usage-reasons = Refused calls by reason
app-usage-apis = Calls by API
app-usage-no-api = No API: they did not get as far
app-usage-keys = Last use of each key
app-usage-none = No calls in this time
app-usage-none-text = Choose a longer time, or call an API.
app-usage-delay = Gateways report about every half minute.

app-request-id = Request id
app-request-id-where = It stands in the answer’s body as “request_id”, and is the request’s X-Request-Id.
app-refused-look-up = Look up
app-refused-why = Reason
app-refused-remedy = What you can do
app-refused-code = Code
app-refused-call = Call
app-refused-answer = Answered with
app-refused-application = Application
app-refused-untold = Not told by the gateway
app-refused-none = No calls were refused lately
app-refused-none-text = Refused calls of this application are listed here within about half a minute, and kept for about a day.
app-refused-kept = Refused calls are kept for about a day.
app-refused-not-found-call = No refused call with this id
app-refused-not-found-call-text = Gateways tell of refused calls within about half a minute. Calls of others, and those that are older than about a day, are not found.
app-refused-some-api = the API
app-refused-some-application = the application
