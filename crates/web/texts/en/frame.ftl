# What stands on every page.

skip-to-content = Skip to the content
navigation = Main navigation
trail = Where you are
language = Language
time-zone = Time zone
apply = Apply
cancel = Cancel
create = Create
copy = Copy
search = Search
previous = Previous
next = Next
never = Never
time = Time
created-at = Created
pages-of-list = Pages of this list
list-total = { $count ->
    [one] 1 entry
   *[other] { $count } entries
 }
page-of = Page { $number } of { $count }
chart-numbers = The numbers of this chart
confirm-cuts = This cuts off:
to-start = To the start page
time-format = %Y-%m-%d %H:%M
time-seconds-ago = { $count ->
    [one] 1 second ago
   *[other] { $count } seconds ago
 }
time-minutes-ago = { $count ->
    [one] 1 minute ago
   *[other] { $count } minutes ago
 }
time-hours-ago = { $count ->
    [one] 1 hour ago
   *[other] { $count } hours ago
 }
time-days-ago = { $count ->
    [one] 1 day ago
   *[other] { $count } days ago
 }

nav-apis = APIs
nav-applications = Applications
nav-account = Your account
sign-in = Sign in
sign-up = Sign up
sign-out = Sign out

refused-forbidden = You may not do this
refused-not-found = There is no such page
refused-too-many = Too many attempts
refused-request = This did not work
refused-failure = Something went wrong

status-approved = Approved
status-pending = Pending
status-revoked = Revoked
status-rejected = Rejected
status-active = Active
status-expired = Expired
status-deprecated = Deprecated
