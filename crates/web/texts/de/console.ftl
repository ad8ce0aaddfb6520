# Die Konsole allgemein.

console = Gatekey-Konsole
console-sign-in = Bei der Konsole anmelden
console-token = Token der Verwaltung
console-token-hint = Das Token des Datenverzeichnisses oder eines, das mit „gatekey token create“ gemacht wurde. Es wird gegen eine Sitzung getauscht und nicht aufbewahrt.
signed-in-as = Angemeldet als { $name }
nav-requests = Anfragen
nav-developers = Entwickler
nav-teams = Teams
nav-portals = Portale
nav-strategies = Anmeldeverfahren
nav-dcr-providers = DCR-Anbieter
nav-auth-servers = Autorisierungsserver
nav-usage = Nutzung
nav-gateways = Gateways
nav-audit = Protokoll
nav-tokens = Token
