# Developers, applications, requests, gateways, log in the console.

# Entwickler, Anwendungen, Anfragen und Teams.

people-portal = Portal
people-every-portal = Alle Portale
people-needs-portal = Entwickler und ihre Anwendungen gehören zu einem Portal. Legen Sie zuerst eines an.
people-name = Name
people-status = Status
people-every-status = Jeder Status
people-since = Seit
people-choose = Auswahl
people-choose-one = { $name } auswählen
people-choose-all = Alle dieser Seite auswählen
people-decide = Entscheiden
people-approve = Freigeben
people-reject = Ablehnen
people-revoke = Entziehen
people-approve-chosen = Ausgewählte freigeben
people-reject-chosen = Ausgewählte ablehnen
people-revoke-chosen = Ausgewählten den Zugang entziehen
people-approve-all = { $count ->
    [one] Den einen Treffer freigeben
   *[other] Alle { $count } Treffer freigeben
 }
people-reject-all = { $count ->
    [one] Den einen Treffer ablehnen
   *[other] Alle { $count } Treffer ablehnen
 }
people-revoke-sure = Zugang entziehen?
people-reject-sure = Ablehnen, was jetzt Zugang hat?
people-sure-text = { $count ->
    [one] Aufrufe damit werden abgelehnt, sobald Gateways davon hören.
   *[other] { $count } verlieren den Zugang. Ihre Aufrufe werden abgelehnt, sobald Gateways davon hören.
 }
people-and-more = { $count ->
    [one] und 1 weiterer Eintrag
   *[other] und { $count } weitere Einträge
 }
people-cut-applications = { $count ->
    [one] 1 Anwendung
   *[other] { $count } Anwendungen
 }
people-cut-registrations = { $count ->
    [one] 1 Registrierung für eine API
   *[other] { $count } Registrierungen für APIs
 }
people-cut-credentials = { $count ->
    [one] 1 Zugangsschlüssel
   *[other] { $count } Zugangsschlüssel
 }
people-enforced = { $enforced } von { $live } laufenden Gateways setzen das schon durch.
people-enforced-none = Es läuft kein Gateway. Die nächsten, die starten, setzen das durch.
people-enforced-unknown = Welche Gateways das schon durchsetzen, lässt sich nicht sagen.
people-working = In Arbeit
people-progress = { $done } von { $total } erledigt
people-continue = Weitermachen
people-stop = Hier aufhören
people-result = Ergebnis
people-done = { $count ->
    [one] Über einen Eintrag ist entschieden
   *[other] Über { $count } Einträge ist entschieden
 }
people-failed = { $count ->
    [one] Bei einem Eintrag hat es nicht geklappt:
   *[other] Bei { $count } Einträgen hat es nicht geklappt:
 }
people-go-back = Zurück zur Liste
said-people-none-chosen = Es war nichts ausgewählt, deshalb wurde nichts geändert.
said-people-approved = Freigegeben.
said-people-rejected = Abgelehnt.
said-people-revoked = Entzogen.

people-search-developer = Name, oder Adresse mit @
people-developer-new = Neuer Entwickler
people-developer-add = Entwickler anlegen
people-developers-none = Noch keine Entwickler
people-developers-none-text = Entwickler registrieren sich im Portal, oder Sie legen sie hier an.
people-found-none = Nichts passt dazu
people-found-none-text = Suchen Sie nach etwas anderem, oder nach jedem Status.
people-as-signed-up = Wie bei einer Registrierung
people-invite = Einladung senden
people-invite-hint = In der E-Mail steht ein Link, um ein Passwort zu wählen.
said-people-developer-added = Der Entwickler ist angelegt.
said-people-developer-deleted = Der Entwickler ist mit allen seinen Anwendungen gelöscht.
people-applications-none = Keine Anwendungen.
people-registrations = Registrierungen
people-registrations-none = Keine Registrierungen.
people-teams-none-of = In keinem Team.
people-all = { $count ->
    [one] Der eine Eintrag
   *[other] Alle { $count }
 }
people-delete = Löschen
people-delete-named = { $name } löschen?
people-developer-delete-text = Das Konto von { $name } wird mit allem gelöscht, was dazugehört. Aufrufe mit diesen Schlüsseln werden abgelehnt, sobald Gateways davon hören.

people-requests-none = Nichts wartet
people-requests-none-text = Registrierungen und Entwickler, die Ihre Freigabe brauchen, stehen hier.
people-waiting-registrations = { $count ->
    [one] 1 Registrierung wartet
   *[other] { $count } Registrierungen warten
 }
people-waiting-developers = { $count ->
    [one] 1 Entwickler wartet
   *[other] { $count } Entwickler warten
 }
people-waits-since = Wartet seit
people-more-in = { $count ->
    [one] 1 weitere Anfrage in { $portal }
   *[other] { $count } weitere Anfragen in { $portal }
 }
people-owner = Inhaber
people-application = Anwendung
people-api = API
people-team-named = Team { $name }

people-overview = Übersicht
people-figure-requests = Wartende Anfragen
people-figure-behind = von { $count } Gateways im Rückstand
people-look-requests = Anfragen ansehen
people-behind-text = Ein laufendes Gateway setzt den neuesten Stand noch nicht durch. Es behält, was es weiß, bis es Neues hört.
people-next = Was als Nächstes zu tun ist
people-next-done = Erledigt
people-next-portal = Portal anlegen
people-next-gateway = Gateway hinzufügen
people-next-api = API hinzufügen
people-next-publish = API im Portal veröffentlichen
people-next-register = Den ersten Entwickler um Zugang bitten lassen

people-search-application = Nach Namen suchen
people-applications-none-text = Entwickler legen im Portal Anwendungen an, um Schlüssel zu bekommen und um Zugang zu APIs zu bitten.
people-applications-none-title = Noch keine Anwendungen
people-strategy = Anmeldeverfahren
people-client-id = Client-ID
people-dcr = Beim Identitätsanbieter verwaltet
people-description = Beschreibung
people-credentials = Zugangsschlüssel
people-credentials-none = Keine Zugangsschlüssel.
people-expires = Läuft ab
people-credential-unnamed = Ohne Namen
people-credential-new = Neuer Zugangsschlüssel
people-credential-create = Zugangsschlüssel anlegen
people-credential-name = Name
people-credential-name-hint = Wofür er ist, damit man ihn von anderen unterscheidet.
people-credential-expires = Läuft ab
people-credential-expires-hint = Ohne Angabe so, wie es das Anmeldeverfahren sagt.
people-credential-made = Zugangsschlüssel angelegt
people-credential-copy = Kopieren Sie ihn jetzt. Er wird nicht noch einmal angezeigt.
people-credential-key = Schlüssel
people-credential-secret = Client-Geheimnis
people-credential-import = Schlüssel übernehmen
people-credential-import-text = Ein Schlüssel, der anderswo in Gebrauch ist, gilt weiter. Geben Sie den Schlüssel selbst an oder nur seinen Hashwert.
people-credential-value = Schlüssel
people-credential-value-hint = 16 bis 512 Zeichen. Aufbewahrt wird nur sein Hashwert.
people-digest-algorithm = Verfahren des Hashwerts
people-digest-none = Kein Hashwert
people-digest-value = Hashwert
people-digest-value-hint = Hexadezimal oder in base64url, anstelle des Schlüssels.
people-digest-pepper = ID des Peppers
people-digest-pepper-hint = Bei hmac-sha256, wenn es nicht der neueste ist.
people-credential-rotate = Wechseln
people-credential-rotate-named = { $name } wechseln
people-credential-rotate-text = Ein neuer Schlüssel wird angelegt. Der alte gilt bis zur Zeit unten weiter, damit alle umstellen können, die ihn benutzen.
people-credential-retire = Der alte Schlüssel gilt bis
people-credential-retire-hint = Ohne Angabe so, wie das Portal eingestellt ist.
people-credential-idle = oder bis er so viele Stunden nicht benutzt wurde
people-credential-revoke-named = { $name } entziehen?
people-credential-revoke-text = Aufrufe damit werden abgelehnt, sobald Gateways davon hören.
said-people-credential-revoked = Der Zugangsschlüssel ist entzogen.
said-people-credential-imported = Der Schlüssel ist übernommen.
people-registration-new = Registrierung hinzufügen
people-registration-create = Hinzufügen
people-registration-api = API
people-no-apis-published = In diesem Portal ist nichts veröffentlicht.
said-people-registered = Die Registrierung ist hinzugefügt.
people-limits = Grenzen
people-limits-none = Keine Grenzen.
people-limits-change = Grenzen ändern
people-limit-kind = Art
people-limit-rate = Rate
people-limit-quota = Kontingent
people-limit-requests = Aufrufe
people-limit-window = Zeitraum
people-limit-apis = APIs, die zählen
people-limit-apis-hint = Ohne Auswahl zählt jede API.
people-limit-every-api = Jede API
people-limit-add = Grenze hinzufügen
people-limit-remove = Entfernen
people-window-second = Sekunde
people-window-minute = Minute
people-window-hour = Stunde
people-window-day = Tag
people-window-week = Woche
people-window-month = 30 Tage
people-window-seconds = { $count } Sekunden
said-people-limits-changed = Die Grenzen sind geändert.
people-networks = Netze
people-networks-none = Sie darf von überall aufrufen.
people-networks-change = Netze ändern
people-networks-hint = Adressen oder Netze, eines je Zeile, etwa 192.0.2.0/24. Ohne Angabe: von überall.
people-save = Speichern
said-people-networks-changed = Die Netze sind geändert.
people-usage = Aufrufe des letzten Tages
people-usage-none = Keine Aufrufe am letzten Tag.
people-usage-allowed = Durchgelassen
people-usage-limited = Über einer Grenze
people-usage-refused = Abgelehnt
people-application-delete-text = { $name } wird mit ihren Zugangsschlüsseln und Registrierungen gelöscht. Aufrufe mit diesen Schlüsseln werden abgelehnt, sobald Gateways davon hören.
said-people-application-deleted = Die Anwendung ist gelöscht.

people-search-team = Nach Namen suchen
people-team-new = Neues Team
people-team-create = Team anlegen
people-teams-none = Noch keine Teams
people-teams-none-text = Ein Team sieht und benutzt die APIs, die ihm seine Rollen öffnen, und kann Anwendungen besitzen.
people-team-name = Name
people-team-description = Beschreibung
people-team-owns = Darf Anwendungen besitzen
people-owns-yes = Besitzt Anwendungen
people-owns-no = Darf keine besitzen
people-team-edit = Bearbeiten
people-members = Mitglieder
people-members-none = Keine Mitglieder.
people-member-email = E-Mail-Adresse eines Entwicklers
people-member-add = Mitglied hinzufügen
people-member-remove = Entfernen
people-member-unknown = In diesem Portal gibt es keinen Entwickler mit dieser Adresse.
people-roles = Rollen an APIs
people-roles-none = Keine Rollen: Das Team sieht, was alle sehen.
people-role = Rolle
people-role-add = Rolle hinzufügen
people-role-viewer = API Viewer: darf sie sehen
people-role-consumer = API Consumer: darf sie sehen und um Zugang bitten
people-team-delete-text = Das Team { $name } wird mit seinen Rollen gelöscht.
people-cut-members = { $count ->
    [one] 1 Mitglied
   *[other] { $count } Mitglieder
 }
people-cut-roles = { $count ->
    [one] 1 Rolle an einer API
   *[other] { $count } Rollen an APIs
 }
said-people-team-created = Das Team ist angelegt.
said-people-team-changed = Das Team ist geändert.
said-people-team-deleted = Das Team ist gelöscht.
said-people-member-added = Der Entwickler ist jetzt Mitglied.
said-people-member-removed = Der Entwickler ist nicht mehr Mitglied.
said-people-role-added = Das Team hat die Rolle jetzt.
said-people-role-removed = Das Team hat die Rolle nicht mehr.
