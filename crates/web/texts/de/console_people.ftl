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

people-search-developer = Nach Namen suchen, mit @ nach Adresse
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
people-figure-behind = Gateways im Rückstand
people-look-requests = Anfragen ansehen
people-behind-text = Ein laufendes Gateway setzt den neuesten Stand noch nicht durch. Es behält, was es weiß, bis es Neues hört.
people-next = Was als Nächstes zu tun ist
people-next-done = Erledigt
people-next-portal = Portal anlegen
people-next-gateway = Gateway hinzufügen
people-next-api = API hinzufügen
people-next-publish = API im Portal veröffentlichen
people-next-register = Den ersten Entwickler um Zugang bitten lassen
