# Why calls are refused, by the code of the reason: in a few words, what happened, and what can be done.

reason-address_refused = Call from a foreign network
reason-address_refused-explained = { $application } may call only from certain networks, and this call came from elsewhere.
reason-address_refused-remedy = Call from one of the networks that the application’s limits show, or have yours added by the people who run the portal.

reason-address_unknown = Network not known
reason-address_unknown-explained = { $application } may call only from certain networks, and the gateway could not tell where this call came from.
reason-address_unknown-remedy = You cannot change this yourself: tell the people who run the portal, with the request id.

reason-ambiguous_credential = Two keys at once
reason-ambiguous_credential-explained = Two headers of the request hold an API key.
reason-ambiguous_credential-remedy = Send the key in one header only.

reason-ambiguous_token = More than one credential
reason-ambiguous_token-explained = The request held more than one credential.
reason-ambiguous_token-remedy = Send one token, in one place, and no API key beside it.

reason-application_suspended = Application suspended
reason-application_suspended-explained = The application { $application } is suspended.
reason-application_suspended-remedy = Ask the people who run the portal why, and to let it work again.

reason-bad_signature = Wrong signature
reason-bad_signature-explained = The signature of the token is wrong.
reason-bad_signature-remedy = Ask the identity provider for a new access token and call with that.

reason-credentials_refused = ID and secret not known
reason-credentials_refused-explained = The identity provider does not know the client id and secret, or the user name and password, that were sent.
reason-credentials_refused-remedy = Check client id and secret. If the secret is lost, regenerate it.

reason-duplicate_credential = Key sent twice
reason-duplicate_credential-explained = The header with the API key came more than once.
reason-duplicate_credential-remedy = Send the key once. A proxy or a library in between may add a second one.

reason-expired_credential = Key expired
reason-expired_credential-explained = The API key has expired.
reason-expired_credential-remedy = Create a new key for { $application } and call with that.

reason-expired_token = Token expired
reason-expired_token-explained = The access token has expired.
reason-expired_token-remedy = Ask the identity provider for a new access token and call with that.

reason-inactive_token = Token not active
reason-inactive_token-explained = The identity provider says that the token is no longer valid.
reason-inactive_token-remedy = Ask the identity provider for a new access token and call with that.

reason-insufficient_scope = Scope missing
reason-insufficient_scope-explained = The token lacks a scope that { $api } asks for.
reason-insufficient_scope-remedy = Ask the identity provider for a token with the scopes that the page of the API names.

reason-issuer_undiscovered = Identity provider not set up
reason-issuer_undiscovered-explained = The identity provider of { $api } has not been set up completely yet.
reason-issuer_undiscovered-remedy = You cannot change this yourself: tell the people who run the portal, with the request id.

reason-keys_unavailable = Identity provider out of reach
reason-keys_unavailable-explained = The identity provider could not be reached, so nobody could tell whether the token is good.
reason-keys_unavailable-remedy = Try again in a few seconds. If it lasts, tell the people who run the portal, with the request id.

reason-limits_unavailable = Gateway overloaded
reason-limits_unavailable-explained = The gateway had more to do than it can.
reason-limits_unavailable-remedy = Try again in a few seconds. If it lasts, tell the people who run the portal, with the request id.

reason-login_failed = Sign-in failed
reason-login_failed-explained = The way back from the sign-in page did not belong to a sign-in that was under way.
reason-login_failed-remedy = Begin to sign in again, in one window, with cookies allowed.

reason-login_required = Nobody signed in
reason-login_required-explained = Nobody was signed in.
reason-login_required-remedy = Sign in first.

reason-malformed_credential = Not an API key
reason-malformed_credential-explained = What was sent as an API key cannot be one: a part is missing, or a character is wrong.
reason-malformed_credential-remedy = Copy the whole key again, without spaces and quotation marks. If you no longer have it, create a new one.

reason-malformed_token = Not a token
reason-malformed_token-explained = What was sent as a token cannot be one.
reason-malformed_token-remedy = Send the whole access token after the word Bearer, unchanged.

reason-method_absent = Way of signing in not known
reason-method_absent-explained = The gateway does not know the way in which { $api } wants callers to prove who they are.
reason-method_absent-remedy = You cannot change this yourself: tell the people who run the portal, with the request id.

reason-missing_claim = Claim missing
reason-missing_claim-explained = The token lacks something that { $api } needs to know, or has it in another form.
reason-missing_claim-remedy = You cannot change this yourself: tell the people who run the portal, with the request id.

reason-no_credential = No key and no token
reason-no_credential-explained = The request held no API key and no access token.
reason-no_credential-remedy = Send your key or token in the header that the page of the API shows.

reason-no_policy = Gateway just started
reason-no_policy-explained = The gateway had just started and knew no applications yet.
reason-no_policy-remedy = Try again in a few seconds. If it lasts, tell the people who run the portal, with the request id.

reason-not_registered = No access
reason-not_registered-explained = The application { $application } has not been given access to { $api }.
reason-not_registered-remedy = Request access to { $api } for { $application }. If you have: the application has to use the auth strategy that the API is published with.

reason-oversized_request = Too many headers
reason-oversized_request-explained = The request has more headers than the gateway reads.
reason-oversized_request-remedy = Send fewer headers.

reason-oversized_token = Token too long
reason-oversized_token-explained = The token is longer than the gateway reads.
reason-oversized_token-remedy = Ask the identity provider for a token with fewer claims.

reason-premature_token = Token not valid yet
reason-premature_token-explained = The token is not valid yet.
reason-premature_token-remedy = Check the clock of whatever makes the token, then try again.

reason-provider_invalid = Identity provider not believable
reason-provider_invalid-explained = The identity provider could not be reached, so nobody could tell whether the token is good.
reason-provider_invalid-remedy = Try again in a few seconds. If it lasts, tell the people who run the portal, with the request id.

reason-provider_unavailable = Identity provider does not answer
reason-provider_unavailable-explained = The identity provider could not be reached, so nobody could tell whether the token is good.
reason-provider_unavailable-remedy = Try again in a few seconds. If it lasts, tell the people who run the portal, with the request id.

reason-quota_exhausted = Quota used up
reason-quota_exhausted-explained = { $application } has used up its quota.
reason-quota_exhausted-remedy = Wait until the quota begins anew: the answer’s Retry-After header says when. For a larger one ask the people who run the portal.

reason-rate_limited = Too many calls
reason-rate_limited-explained = { $application } calls more often than it may.
reason-rate_limited-remedy = Slow down: the answer’s Retry-After header says when to try again. For a higher rate ask the people who run the portal.

reason-refused_algorithm = Algorithm not accepted
reason-refused_algorithm-explained = The token is signed in a way that { $api } does not accept.
reason-refused_algorithm-remedy = You cannot change this yourself: tell the people who run the portal, with the request id.

reason-registration_pending = Access waits for approval
reason-registration_pending-explained = The request for access to { $api } waits for approval.
reason-registration_pending-remedy = Wait until an administrator approves it.

reason-registration_rejected = Access rejected
reason-registration_rejected-explained = The request for access to { $api } was turned down.
reason-registration_rejected-remedy = Ask the people who run the portal for the reason.

reason-registration_revoked = Access revoked
reason-registration_revoked-explained = Access to { $api } was withdrawn.
reason-registration_revoked-remedy = Ask the people who run the portal for the reason, or request access again.

reason-reserved_header = Reserved header
reason-reserved_header-explained = The request has a header that only the gateway may set, such as X-Consumer-Id.
reason-reserved_header-remedy = Leave out headers that say who calls: the gateway tells the API by itself.

reason-stale_policy = Gateway without news
reason-stale_policy-explained = The gateway has not heard from the portal for so long that it lets nothing through.
reason-stale_policy-remedy = You cannot change this yourself: tell the people who run the portal, with the request id.

reason-too_many_waiting = Gateway overloaded by waiting calls
reason-too_many_waiting-explained = The gateway had more to do than it can.
reason-too_many_waiting-remedy = Try again in a few seconds. If it lasts, tell the people who run the portal, with the request id.

reason-unknown_application = Application gone
reason-unknown_application-explained = The key belongs to an application that is gone.
reason-unknown_application-remedy = Create an application, request access to the API, and call with a key of it.

reason-unknown_client = Client not known
reason-unknown_client-explained = No application of this portal has the client id that the token was issued to.
reason-unknown_client-remedy = Call with a token of the client id that your application shows.

reason-unknown_credential = Key not known
reason-unknown_credential-explained = The API key is not known: it was deleted or revoked, or never issued here.
reason-unknown_credential-remedy = Create a new key for your application and call with that.

reason-unknown_issuer = Issuer not trusted
reason-unknown_issuer-explained = The token was issued by somebody whom { $api } does not trust.
reason-unknown_issuer-remedy = Ask for the token at the issuer that the page of the API names.

reason-unknown_key = Signing key not known
reason-unknown_key-explained = The token is signed with a key that its issuer does not have.
reason-unknown_key-remedy = Ask the identity provider for a new access token and call with that.

reason-unknown_route = No API at this address
reason-unknown_route-explained = No API answers to this method, host and path.
reason-unknown_route-remedy = Compare the address that you called with that in the documentation of the API.

reason-unknown_service = Service not known
reason-unknown_service-explained = What was called is not published.
reason-unknown_service-remedy = You cannot change this yourself: tell the people who run the portal, with the request id.

reason-unpublished = Not published
reason-unpublished-explained = What was called is not published.
reason-unpublished-remedy = You cannot change this yourself: tell the people who run the portal, with the request id.

reason-wrong_audience = Token for another API
reason-wrong_audience-explained = The token is meant for another API.
reason-wrong_audience-remedy = Ask the identity provider for a token with the audience of { $api }.

reason-wrong_header = Key in the wrong header
reason-wrong_header-explained = The API key came in another header than { $api } reads.
reason-wrong_header-remedy = Send the key in the header that the page of the API shows.

reason-wrong_token_type = Not an access token
reason-wrong_token_type-explained = The token is no access token.
reason-wrong_token_type-remedy = Send the access token: an ID token or a refresh token does not do.
