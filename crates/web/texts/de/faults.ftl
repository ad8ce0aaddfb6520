# Regeln, die eine Angabe verletzen kann, mit den Namen der Schnittstelle.

rule-required = Bitte ausfüllen.
rule-min_length = { $minimum ->
    [one] Darf nicht leer sein.
   *[other] Braucht mindestens { $minimum } Zeichen.
 }
rule-max_length = Darf höchstens { $maximum } Zeichen haben.
rule-min = Muss mindestens { $minimum } sein.
rule-max = Darf höchstens { $maximum } sein.
rule-min_items = { $minimum ->
    [one] Braucht mindestens einen Eintrag.
   *[other] Braucht mindestens { $minimum } Einträge.
 }
rule-max_items = Nimmt höchstens { $maximum } Einträge.
rule-missing_reference = Das gibt es nicht.
rule-is_integer = Muss eine ganze Zahl sein.
rule-is_number = Muss eine Zahl sein.
rule-is_uuid = Muss eine Kennung sein.
rule-is_date_time = Muss ein Datum mit Uhrzeit sein.
rule-is_label = Ist kein gültiger Name oder Wert eines Etiketts.
rule-is_fqdn = Muss der ganze Name eines Rechners sein.

# Ablehnungen, nach ihrem Titel.

problem-too-many = Zu viele Versuche. Bitte warten Sie { $seconds } Sekunden.
problem-unauthorized = Bitte melden Sie sich an.
problem-invalid-credentials = Die E-Mail-Adresse oder das Passwort ist falsch.
problem-sign-in-failed = Die Anmeldung hat nicht geklappt.
problem-wrong-token = Dieses Token gilt nicht oder nicht mehr.
problem-approval-required = Ihr Konto muss erst freigegeben werden.
problem-forbidden = Das dürfen Sie nicht.
problem-not-found = Das gibt es nicht, oder Sie dürfen es nicht sehen.
problem-conflict = Das widerspricht etwas, das es schon gibt.
problem-foreign-form = Dieses Formular wurde jemand anderem gezeigt, oder bevor Sie sich angemeldet haben. Gehen Sie zurück, laden Sie die Seite neu und senden Sie es noch einmal.
problem-internal-server-error = Bei uns ist etwas schiefgegangen. Bitte versuchen Sie es später noch einmal.
problem-service-unavailable = Das geht gerade nicht. Bitte versuchen Sie es später noch einmal.
problem-payload-too-large = Das ist zu groß.
problem-identity-provider-failed = Der Anmeldedienst hat abgelehnt.
problem-identity-provider-unavailable = Der Anmeldedienst ist nicht zu erreichen. Bitte versuchen Sie es später noch einmal.
