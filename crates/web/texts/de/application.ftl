# Anwendungen, Zugangsdaten, Registrierungen und Nutzung von Entwicklern.

app-new = Neue Anwendung
app-create = Anwendung anlegen
app-save = Speichern
app-edit = Bearbeiten
app-edit-of = { $name } bearbeiten
app-delete = Anwendung löschen
app-delete-asks = „{ $name }“ wird mit allem gelöscht, was dazu gehört. Das lässt sich nicht rückgängig machen.
app-name = Name
app-strategy = Anmeldeverfahren
app-owner = Gehört
app-owner-hint = Die Anwendung eines Teams können alle seine Mitglieder sehen und ändern.
app-owner-you = Ihnen
app-owner-team = Einem Ihrer Teams
app-owner-any = Allen
app-parts = Teile dieser Anwendung
app-overview = Überblick
app-keys = API-Schlüssel
app-client = Client
app-usage = Nutzung
app-refusals = Warum wurde mein Aufruf abgelehnt?
app-accesses = Zugang zu APIs
app-limits = Grenzen
app-apps-search = Nach Namen suchen
app-apps-none = Sie haben noch keine Anwendungen
app-apps-none-text = Eine Anwendung hält die Schlüssel, mit denen Ihr Programm APIs aufruft, und bekommt Zugang zu ihnen.
app-apps-not-found = Keine Anwendung passt
app-apps-not-found-text = Suchen Sie nach einem anderen Namen oder bei allen.
application-name = Name der Anwendung
application-description = Beschreibung
application-client-id = Client-ID
application-redirect-uri = Redirect-URI
application-redirect-uri-hint = Wohin Menschen nach der Anmeldung zurückgeschickt werden. Programme ohne Menschen brauchen keine.
application-scopes = Scopes
application-new-secret = Das Client-Secret ersetzen, falls der Anmeldedienst das verlangt
application-new-secret-hint = Manche Dienste ersetzen es bei jeder Änderung der Redirect-URI oder der Scopes. Das neue wird einmal gezeigt.
said-own-app-created = Die Anwendung wurde angelegt.
said-own-app-changed = Die Anwendung wurde geändert.
said-own-app-deleted = Die Anwendung wurde gelöscht.
said-own-app-deleted-everywhere = Die Anwendung wurde gelöscht. Alle Gateways lehnen ihre Aufrufe schon ab.
said-own-app-deleted-soon = Die Anwendung wurde gelöscht. Manche Gateways wissen es noch nicht; sie lehnen ihre Aufrufe ab, sobald sie es erfahren.

app-strategy-choose = Wie weist sich Ihr Programm aus? APIs sind mit einem dieser Verfahren veröffentlicht; eine Anwendung kann die mit demselben nutzen.
app-strategies-none = Hier lassen sich keine Anwendungen anlegen
app-strategies-none-text = Keine API dieses Portals nimmt Anwendungen an.
app-strategy-means-keys = Ihr Programm sendet mit jedem Aufruf einen API-Schlüssel.
app-strategy-means-registered = Für Sie wird beim Anmeldedienst ein Client registriert. Ihr Programm holt sich mit dessen ID und Secret Zugangstoken und sendet sie mit jedem Aufruf.
app-strategy-means-self-managed = Sie legen beim Anmeldedienst selbst einen Client an und tragen hier seine ID ein. Ihr Programm sendet Zugangstoken, die ihm ausgestellt wurden.
app-lifetime-days = { $count ->
    [one] 1 Tag
   *[other] { $count } Tagen
 }
app-lifetime-weeks = { $count ->
    [one] 1 Woche
   *[other] { $count } Wochen
 }
app-lifetime-years = { $count ->
    [one] 1 Jahr
   *[other] { $count } Jahren
 }

app-cuts-keys = { $count ->
    [0] kein API-Schlüssel: es gibt keinen
    [one] 1 API-Schlüssel, sofort
   *[other] { $count } API-Schlüssel, sofort
 }
app-cuts-client = der Client beim Anmeldedienst mit seinem Secret
app-cuts-access = Aufrufe von { $api }
app-cuts-calls = Aufrufe von { $api }, sofort
app-cuts-more = { $count ->
    [one] Aufrufe 1 weiterer API
   *[other] Aufrufe { $count } weiterer APIs
 }
app-cuts-key = alle Aufrufe mit diesem Schlüssel, sofort
app-cuts-secret = alles, was sich mit diesem Secret Token holt

app-limit-rate = { $count ->
    [one] Höchstens 1 Aufruf je { $window }
   *[other] Höchstens { $count } Aufrufe je { $window }
 }
app-limit-quota = { $count ->
    [one] Ein Kontingent von 1 Aufruf je { $window }
   *[other] Ein Kontingent von { $count } Aufrufen je { $window }
 }
app-limit-apis = { $count ->
    [one] (einer API)
   *[other] (von { $count } APIs zusammen)
 }
app-limit-networks = Aufrufe nur von
app-window-seconds = { $count ->
    [one] Sekunde
   *[other] { $count } Sekunden
 }
app-window-minutes = { $count ->
    [one] Minute
   *[other] { $count } Minuten
 }
app-window-hours = { $count ->
    [one] Stunde
   *[other] { $count } Stunden
 }
app-window-days = { $count ->
    [one] Tag
   *[other] { $count } Tage
 }

app-access-api = API
app-access-status = Stand
app-access-asked = Angefragt
app-access-changed = Zuletzt geändert
app-access-acts = Aktionen
app-access-details = Einzelheiten
app-access-find = APIs finden
app-access-history = Verlauf
app-access-to = Zugang zu { $api }
app-access-means-approved = Aufrufe werden durchgelassen.
app-access-means-pending = Die Verwaltung muss ihn noch freigeben. Bis dahin werden Aufrufe abgelehnt.
app-access-means-rejected = Er wurde abgelehnt. Ziehen Sie die Anfrage zurück, bevor Sie noch einmal anfragen.
app-access-means-revoked = Er wurde entzogen. Aufrufe werden abgelehnt.
app-access-withdraw = Zurückziehen
app-access-withdraw-asks = „{ $name }“ gibt den Zugang zu { $api } auf. Sie können ihn wieder anfragen; vielleicht muss er dann neu freigegeben werden.
app-accesses-none = Noch kein Zugang zu einer API
app-accesses-none-text = Wählen Sie eine API und auf deren Seite „Diese API nutzen“.
app-by-developer = durch wem sie gehört
app-by-administrator = durch die Verwaltung
app-by-itself = von selbst
said-own-access-withdrawn = Der Zugang wurde zurückgezogen.
said-own-access-withdrawn-everywhere = Der Zugang wurde zurückgezogen. Alle Gateways lehnen solche Aufrufe schon ab.
said-own-access-withdrawn-soon = Der Zugang wurde zurückgezogen. Manche Gateways wissen es noch nicht; sie lehnen solche Aufrufe ab, sobald sie es erfahren.

app-keys-header = Senden Sie einen Schlüssel in diesem Header:
app-keys-count = { $count ->
    [one] Diese Anwendung hat 1 Schlüssel.
   *[other] Diese Anwendung hat { $count } Schlüssel.
 }
app-keys-manage = Schlüssel verwalten
app-keys-none = Noch keine API-Schlüssel
app-keys-none-text = Ihr Programm braucht einen Schlüssel, um APIs aufzurufen. Er wird einmal gezeigt, wenn Sie ihn anlegen.
app-keys-limit = Eine Anwendung kann bis zu 20 Schlüssel haben. Abgelaufene bleiben eine Weile in dieser Liste.
app-keys-on = Zu den Schlüsseln
app-on = Zur Anwendung
app-key = API-Schlüssel
app-key-new = Neuer API-Schlüssel
app-key-name = Name des Schlüssels
app-key-name-hint = Damit Sie ihn wiedererkennen, zum Beispiel wo er benutzt wird.
app-key-state = Stand
app-key-used = Zuletzt benutzt
app-key-ends = Läuft ab
app-key-lives = Neue Schlüssel laufen nach { $life } ab.
app-key-lives-on = Schlüssel laufen nicht ab. Erneuern Sie sie ab und zu, und widerrufen Sie die, die nicht mehr gebraucht werden.
app-key-yours = Ihr neuer API-Schlüssel
app-key-made = Der Schlüssel wurde angelegt.
app-key-rename = Umbenennen
app-key-rotate = Erneuern
app-key-revoke = Widerrufen
app-key-revoke-asks = „{ $name }“ von „{ $app }“ gilt dann nicht mehr. Das lässt sich nicht rückgängig machen. Um einen Schlüssel ohne Unterbrechung zu ersetzen, erneuern Sie ihn.
app-key-retires-idle = { $count ->
    [one] endet nach 1 Stunde ohne Aufruf
   *[other] endet nach { $count } Stunden ohne Aufruf
 }
app-shown-once = Kopieren Sie ihn jetzt: Er wird nur dieses eine Mal gezeigt.
said-own-key-renamed = Der Schlüssel wurde umbenannt.
said-own-key-revoked = Der Widerruf ist erfolgt.
said-own-key-revoked-everywhere = Der Widerruf ist erfolgt. Alle Gateways lehnen solche Aufrufe schon ab.
said-own-key-revoked-soon = Der Widerruf ist erfolgt. Manche Gateways wissen es noch nicht; sie lehnen solche Aufrufe ab, sobald sie es erfahren.
status-expiring = Läuft bald ab
status-retiring = Läuft aus
status-retired = Ausgelaufen

app-rotation-of = { $name } erneuern
app-rotation-text = „{ $name }“ bekommt einen Nachfolger, und beide gelten eine Zeit lang, damit Sie ihn überall ersetzen können, wo er benutzt wird:
app-rotation-text-new = Der neue Schlüssel gilt sofort. Er wird einmal gezeigt.
app-rotation-text-old = Der alte Schlüssel gilt bis zum Zeitpunkt unten: noch sieben Tage, wenn Sie nichts eintragen, höchstens 90 Tage.
app-rotation-text-end = Mit einer Zahl von Stunden endet der alte Schlüssel früher: sobald so lange niemand mit ihm aufgerufen hat. Spätestens endet er dann nach 30 Tagen, wenn Sie keinen Zeitpunkt eintragen.
app-rotation-name = Name des neuen Schlüssels
app-rotation-until = Der alte Schlüssel endet spätestens
app-rotation-idle = Der alte Schlüssel endet nach so vielen Stunden ohne Aufruf
app-rotation-done = „{ $name }“ hat einen Nachfolger. Der alte Schlüssel gilt bis
app-rotation-done-idle = { $count ->
    [one] Er endet früher, wenn 1 Stunde lang niemand mit ihm aufruft.
   *[other] Er endet früher, wenn { $count } Stunden lang niemand mit ihm aufruft.
 }

app-client-text = Diese Anwendung hat einen Client beim Anmeldedienst.
app-client-manage = Client und Secrets
app-client-secret = Client-Secret
app-client-secret-new = Ihr Client-Secret
app-secret-one = Der Client hat ein Secret, das der Anmeldedienst aufbewahrt. Ist es verloren, erzeugen Sie es neu.
app-secrets = Client-Secrets
app-secrets-text = Der Anmeldedienst bewahrt sie auf. Ein Secret wird einmal gezeigt, wenn es gemacht wird.
app-secrets-most = { $count ->
    [one] Er hält jeweils 1 Secret.
   *[other] Er hält bis zu { $count } Secrets gleichzeitig.
 }
app-secrets-none = Der Anmeldedienst führt keine Secrets auf.
app-secret-unnamed = Client-Secret
app-secret-new = Neues Client-Secret
app-secret-made = Das Secret wurde angelegt.
app-secret-regenerate = Secret neu erzeugen
app-secret-regenerate-asks = „{ $name }“ bekommt ein neues Client-Secret. Das bisherige gilt dann nicht mehr.
app-secret-regenerated = Der Client hat ein neues Secret.
app-token-how = So bekommen Sie ein Zugangstoken
app-token-issuer = Fragen Sie den Token-Endpunkt des Ausstellers:
app-token-no-issuer = Fragen Sie den Token-Endpunkt des Anmeldedienstes. Den Aussteller nennt Ihnen die Seite der API oder wer das Portal betreibt.

app-usage-period = Zeitraum
app-usage-hour = Letzte Stunde
app-usage-day = Letzter Tag
app-usage-week = Letzte 7 Tage
app-usage-month = Letzte 30 Tage
app-usage-format-week = %d.%m. %H:%M
app-usage-format-month = %d.%m.
app-usage-calls = Aufrufe
app-usage-allowed = Durchgelassen
app-usage-refused = Abgelehnt
app-usage-share = { $whole },{ $tenths } %
app-usage-over-time = Aufrufe im Lauf der Zeit
app-usage-reasons = Abgelehnte Aufrufe nach Grund
app-usage-apis = Aufrufe nach API
app-usage-no-api = Keine API: so weit kamen sie nicht
app-usage-keys = Letzte Benutzung jedes Schlüssels
app-usage-none = Keine Aufrufe in diesem Zeitraum
app-usage-none-text = Wählen Sie einen längeren Zeitraum, oder rufen Sie eine API auf.
app-usage-delay = Gateways melden sich etwa jede halbe Minute.

app-request-id = Nummer des Aufrufs (Request-ID)
app-request-id-where = Sie steht in der Antwort als „request_id“ und ist die X-Request-Id des Aufrufs.
app-refused-look-up = Nachschlagen
app-refused-why = Grund
app-refused-remedy = Was Sie tun können
app-refused-code = Code
app-refused-call = Aufruf
app-refused-answer = Beantwortet mit
app-refused-application = Anwendung
app-refused-untold = Vom Gateway nicht genannt
app-refused-none = In letzter Zeit wurde kein Aufruf abgelehnt
app-refused-none-text = Abgelehnte Aufrufe dieser Anwendung stehen hier nach etwa einer halben Minute und bleiben etwa einen Tag.
app-refused-kept = Abgelehnte Aufrufe bleiben etwa einen Tag.
app-refused-not-found-call = Kein abgelehnter Aufruf mit dieser Nummer
app-refused-not-found-call-text = Gateways melden abgelehnte Aufrufe nach etwa einer halben Minute. Aufrufe anderer und solche, die älter als etwa ein Tag sind, werden nicht gefunden.
app-refused-some-api = die API
app-refused-some-application = die Anwendung
