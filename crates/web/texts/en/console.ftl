# The console in general.

console = Gatekey console
console-sign-in = Sign in to the console
console-token = Administrator token
console-token-hint = The token of the data directory, or one that was made with “gatekey token create”. It is traded for a session and not kept.
signed-in-as = Signed in as { $name }
nav-requests = Requests
nav-developers = Developers
nav-teams = Teams
nav-portals = Portals
nav-strategies = Auth strategies
nav-dcr-providers = DCR providers
nav-auth-servers = Authorization servers
nav-usage = Usage
nav-gateways = Gateways
nav-audit = Audit log
nav-tokens = Tokens
