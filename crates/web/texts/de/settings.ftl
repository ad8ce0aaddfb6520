# Portale und ihre Einstellungen in der Konsole.

portal-name = Name
portal-display-name = Name, den Entwickler sehen
portal-description = Beschreibung
portal-access = Zugang
portal-private = Mit Konten
portal-public = Öffentlich
portal-new = Neues Portal
portal-search = Nach Namen suchen
portals-none = Noch kein Portal
portals-none-text = Ein Portal zeigt Entwicklern APIs; sie registrieren sich darin und bekommen Schlüssel.
portal-authentication = Entwickler haben Konten
portal-auto-developers = Entwickler automatisch freigeben
portal-auto-applications = Registrierungen automatisch freigeben
said-portal-created = Das Portal wurde angelegt.
save = Speichern
edit = Bearbeiten
remove = Entfernen
choose = Auswählen
enabled = Eingeschaltet
updated-at = Geändert
identifier = Kennung
yes-it-is = Ja
no-it-is-not = Nein
none-of-them = Keines
search-by-name = Nach Namen suchen
tab-overview = Überblick
tab-settings = Einstellungen
said-saved = Gespeichert.
said-removed = Entfernt.
said-cut-everywhere = Erledigt. Alle laufenden Gateways setzen es durch.
said-cut-soon = Erledigt. Noch nicht alle Gateways haben es bestätigt; siehe „Gateways“.
said-cut-without-gateways = Erledigt. Es läuft kein Gateway, das davon hören müsste.
check-passed = Die Prüfung ist bestanden.
check-failed = { $count ->
    [one] Die Prüfung hat ein Problem gefunden:
   *[other] Die Prüfung hat { $count } Probleme gefunden:
 }
visibility-private = Privat
visibility-public = Öffentlich
status-published = Veröffentlicht
status-unpublished = Nicht veröffentlicht
status-enabled = Eingeschaltet
status-disabled = Ausgeschaltet
status-verified = Geprüft
tab-published-apis = Veröffentlichte APIs
tab-pages = Seiten
tab-look = Aussehen
tab-sign-in = Anmeldung
tab-developers = Entwickler
tab-network = Hostname und Netz
portal-address = Adresse des Portals
portal-domain = Hostname
portal-developers-pending = Wartende Entwickler
portal-registrations-pending = Wartende Registrierungen
portal-delete = Portal löschen
portal-delete-says = Das Portal „{ $name }“ wird mit allem gelöscht, was darin ist.
cuts-publications = { $count ->
    [one] 1 veröffentlichte API
   *[other] { $count } veröffentlichte APIs
 }
cuts-developers = { $count ->
    [one] 1 Entwickler
   *[other] { $count } Entwickler
 }
cuts-applications = { $count ->
    [one] 1 Anwendung
   *[other] { $count } Anwendungen
 }
cuts-credentials = { $count ->
    [one] 1 Schlüssel oder andere Zugangsdaten
   *[other] { $count } Schlüssel und andere Zugangsdaten
 }
cuts-registrations = { $count ->
    [one] 1 Registrierung einer Anwendung
   *[other] { $count } Registrierungen von Anwendungen
 }
cuts-approved = { $count ->
    [one] 1 freigegebene Registrierung: ihre Aufrufe werden dann abgelehnt
   *[other] { $count } freigegebene Registrierungen: ihre Aufrufe werden dann abgelehnt
 }
cuts-pages = { $count ->
    [one] 1 Seite darunter
   *[other] { $count } Seiten darunter
 }
cuts-documents = { $count ->
    [one] 1 Dokument darunter
   *[other] { $count } Dokumente darunter
 }
cuts-specification = Ihre Spezifikation, die Entwickler lesen
cuts-sign-in = Entwickler, die sich damit anmelden, können sich nicht mehr anmelden
cuts-linked = { $count ->
    [one] 1 damit verbundene API
   *[other] { $count } damit verbundene APIs
 }
cuts-services = { $count ->
    [one] 1 Dienst
   *[other] { $count } Dienste
 }
cuts-routes = { $count ->
    [one] 1 Route
   *[other] { $count } Routen
 }
portal-rbac = Teams entscheiden, wer welche API sieht und benutzt
portal-default-strategy = Anmeldeverfahren, wenn nichts anderes gesagt wird
portal-api-visibility = Sichtbarkeit neuer APIs
portal-page-visibility = Sichtbarkeit neuer Seiten
revoked-developers = Wenn einem Entwickler der Zugang entzogen wird
revoked-developers-hint = Entscheidet, was aus den Anwendungen wird, die nur diesem Entwickler gehören.
revoked-stop = werden seine Anwendungen sofort gesperrt
revoked-keep = laufen seine Anwendungen weiter
look-color = Farbe
look-color-hint = Etwa #0b5cad. Verweise und Schaltflächen haben sie.
look-mode = Hell oder dunkel
mode-system = Wie das Gerät des Lesers
mode-light = Hell
mode-dark = Dunkel
look-logo = Logo
look-favicon = Symbol im Browser-Reiter
look-menu = Hauptmenü
look-menu-hint = Ein Eintrag je Zeile: Titel { "|" } /pfad oder https://adresse. Mit { "|" } private am Ende sehen ihn nur Angemeldete.
look-footer = Abschnitte im Fuß
look-footer-hint = Eine Zeile „# Titel“ beginnt einen Abschnitt; seine Einträge folgen wie im Menü.
look-footer-bottom = Letzte Zeile im Fuß
host-own = Eigener Hostname
host-new = Hostname festlegen
host-none = Das Portal hat noch keinen eigenen Hostnamen.
host-name = Hostname
host-cname = DNS-Eintrag
host-certificate = Zertifikat
host-method = Zertifikat von
host-by-http = dem, was vor dem Portal steht
host-by-certificate = hier: ein eigenes Zertifikat
host-own-certificate = Zertifikat (PEM)
host-own-key = Privater Schlüssel des Zertifikats
host-remove = Hostnamen entfernen
host-remove-says = Das Portal ist unter diesem Hostnamen nicht mehr zu erreichen; seine Adresse bleibt.
allow-list = Adressen, die das Portal erreichen dürfen
allow-list-new = Adressen hinzufügen
allow-list-none = Alle dürfen: Es sind keine Adressen genannt.
allow-list-addresses = IP-Adressen und Netze
allow-list-addresses-hint = Je Zeile eine, etwa 192.0.2.7 oder 2001:db8::/32.
allow-list-remove = Adressen entfernen
allow-list-remove-says = Diese Adressen sind nicht mehr genannt. Ist keine mehr übrig, dürfen alle das Portal erreichen.
tree-top = Ganz oben
page-new = Neue Seite
pages-none = Noch keine Seiten
pages-none-text = Seiten sagen Entwicklern, was in keiner API steht: wie man beginnt, wen man fragt, was erlaubt ist.
page-title = Titel
page-slug = Pfad
page-slug-hint = Womit die Adresse der Seite endet.
page-description = Beschreibung
page-parent = Unterhalb von
page-status = Zustand
page-visibility = Sichtbarkeit
page-content = Text (Markdown)
page-preview = So wird es gezeigt
page-remove = Seite entfernen
page-remove-says = Die Seite „{ $title }“ wird entfernt.
sign-in-password = Entwickler dürfen sich mit einem Passwort anmelden
sign-in-teams = Gruppen des Anmeldedienstes geben Teams
sign-in-teams-left = Teams ohne Gruppe bleiben der Verwaltung überlassen
sign-in-provider = Anmeldedienst (OpenID Connect)
sign-in-provider-none = Noch keiner: Entwickler melden sich nur mit Passwörtern an.
provider-new = Anmeldedienst hinzufügen
provider-enabled = Entwickler dürfen sich damit anmelden
provider-issuer = Aussteller
provider-issuer-hint = Seine Angaben werden darunter bei /.well-known/openid-configuration gelesen.
provider-client-id = Client-ID
provider-client-secret = Client-Geheimnis
provider-client-secret-hint = Es wird nie wieder gezeigt. Leer gelassen bleibt es, wie es ist.
provider-scopes = Scopes
provider-scopes-hint = Je Zeile einer.
provider-claim-name = Claim mit dem Namen
provider-claim-email = Claim mit der E-Mail-Adresse
provider-claim-groups = Claim mit den Gruppen
provider-remove = Anmeldedienst entfernen
provider-remove-says = Niemand meldet sich mehr mit { $issuer } an.
mappings = Teams nach Gruppen
mappings-none = Noch gibt keine Gruppe ein Team.
mapping-new = Gruppe hinzufügen
mapping-group = Gruppe
mapping-team = Team
mapping-remove = Gruppe entfernen
mapping-remove-says = Mitglieder der Gruppe „{ $group }“ kommen beim Anmelden nicht mehr in das Team.
portal-open = Portal öffnen
still-used = Noch in Benutzung und darum nicht zu löschen:
go-back = Zurück
