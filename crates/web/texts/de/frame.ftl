# Was auf jeder Seite steht.

skip-to-content = Zum Inhalt springen
navigation = Hauptnavigation
trail = Wo Sie sind
language = Sprache
time-zone = Zeitzone
apply = Übernehmen
cancel = Abbrechen
create = Anlegen
copy = Kopieren
search = Suchen
previous = Zurück
next = Weiter
never = Nie
time = Zeit
created-at = Angelegt
pages-of-list = Seiten dieser Liste
list-total = { $count ->
    [one] 1 Eintrag
   *[other] { $count } Einträge
 }
page-of = Seite { $number } von { $count }
chart-numbers = Die Zahlen dieses Diagramms
confirm-cuts = Abgeschnitten werden damit:
to-start = Zur Startseite
time-format = %d.%m.%Y %H:%M
time-seconds-ago = { $count ->
    [one] vor 1 Sekunde
   *[other] vor { $count } Sekunden
 }
time-minutes-ago = { $count ->
    [one] vor 1 Minute
   *[other] vor { $count } Minuten
 }
time-hours-ago = { $count ->
    [one] vor 1 Stunde
   *[other] vor { $count } Stunden
 }
time-days-ago = { $count ->
    [one] vor 1 Tag
   *[other] vor { $count } Tagen
 }

nav-apis = APIs
nav-applications = Anwendungen
nav-account = Ihr Konto
sign-in = Anmelden
sign-up = Registrieren
sign-out = Abmelden

refused-forbidden = Das dürfen Sie nicht
refused-not-found = Diese Seite gibt es nicht
refused-too-many = Zu viele Versuche
refused-request = Das hat nicht geklappt
refused-failure = Etwas ist schiefgegangen

status-approved = Freigegeben
status-pending = Wartet
status-revoked = Entzogen
status-rejected = Abgelehnt
status-active = Aktiv
status-expired = Abgelaufen
status-deprecated = Veraltet
