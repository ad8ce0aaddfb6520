# Rules that an entry can break, by the name that the API gives them.

rule-required = Please fill this in.
rule-min_length = { $minimum ->
    [one] Must not be empty.
   *[other] Must have at least { $minimum } characters.
 }
rule-max_length = Must have at most { $maximum } characters.
rule-min = Must be at least { $minimum }.
rule-max = Must be at most { $maximum }.
rule-min_items = { $minimum ->
    [one] Needs at least one entry.
   *[other] Needs at least { $minimum } entries.
 }
rule-max_items = Takes at most { $maximum } entries.
rule-missing_reference = There is no such thing.
rule-is_integer = Must be a whole number.
rule-is_number = Must be a number.
rule-is_uuid = Must be an id.
rule-is_date_time = Must be a date with a time.
rule-is_label = Is no good name or value of a label.
rule-is_fqdn = Must be the whole name of a host.

# Refusals, by their title.

problem-too-many = Too many attempts. Please wait { $seconds } seconds.
problem-unauthorized = Please sign in.
problem-invalid-credentials = The e-mail address or the password is wrong.
problem-sign-in-failed = Signing in did not work.
problem-wrong-token = This token is not valid, or not any more.
problem-approval-required = An administrator has to approve your account first.
problem-forbidden = You may not do this.
problem-not-found = It does not exist, or you may not see it.
problem-conflict = This contradicts something that is there already.
problem-foreign-form = This form was shown to somebody else, or before you signed in. Go back, load the page again, and send it once more.
problem-internal-server-error = Something went wrong on our side. Please try again later.
problem-service-unavailable = This is not available for the moment. Please try again later.
problem-payload-too-large = What you sent is too large.
problem-identity-provider-failed = The identity provider refused.
problem-identity-provider-unavailable = The identity provider cannot be reached. Please try again later.
