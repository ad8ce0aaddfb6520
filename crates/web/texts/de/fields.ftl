# Felder von Formularen allgemein.

field-optional = (freiwillig)
field-file = Aus einer Datei
form-faults = { $count ->
    [one] Eine Angabe muss geändert werden:
   *[other] { $count } Angaben müssen geändert werden:
 }
