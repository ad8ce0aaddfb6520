# Fields of forms in general.

field-optional = (optional)
field-file = From a file
form-faults = { $count ->
    [one] One entry needs another look:
   *[other] { $count } entries need another look:
 }
