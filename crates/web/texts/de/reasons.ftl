# Warum Aufrufe abgelehnt werden, nach dem Code des Grundes: in wenigen Worten, was geschah, und was man tun kann.

reason-address_refused = Aufruf aus einem fremden Netz
reason-address_refused-explained = { $application } darf nur aus bestimmten Netzen aufrufen, und dieser Aufruf kam von anderswo.
reason-address_refused-remedy = Rufen Sie aus einem der Netze auf, die unter den Grenzen der Anwendung stehen, oder lassen Sie Ihres von denen eintragen, die das Portal betreiben.

reason-address_unknown = Netz nicht bekannt
reason-address_unknown-explained = { $application } darf nur aus bestimmten Netzen aufrufen, und das Gateway konnte nicht erkennen, woher dieser Aufruf kam.
reason-address_unknown-remedy = Das können Sie nicht selbst ändern: Sagen Sie es mit der Nummer des Aufrufs denen, die das Portal betreiben.

reason-ambiguous_credential = Zwei Schlüssel zugleich
reason-ambiguous_credential-explained = Zwei Header des Aufrufs enthalten einen API-Schlüssel.
reason-ambiguous_credential-remedy = Senden Sie den Schlüssel nur in einem Header.

reason-ambiguous_token = Mehr als ein Nachweis
reason-ambiguous_token-explained = Der Aufruf enthielt mehr als einen Nachweis.
reason-ambiguous_token-remedy = Senden Sie ein Token, an einer Stelle, und keinen API-Schlüssel daneben.

reason-application_suspended = Anwendung gesperrt
reason-application_suspended-explained = Die Anwendung { $application } ist gesperrt.
reason-application_suspended-remedy = Fragen Sie die, die das Portal betreiben, nach dem Grund, und bitten Sie darum, sie wieder arbeiten zu lassen.

reason-bad_signature = Falsche Signatur
reason-bad_signature-explained = Die Signatur des Tokens ist falsch.
reason-bad_signature-remedy = Holen Sie beim Anmeldedienst ein neues Zugangstoken und rufen Sie damit auf.

reason-credentials_refused = ID und Secret nicht bekannt
reason-credentials_refused-explained = Der Anmeldedienst kennt die Client-ID und das Secret, oder den Benutzernamen und das Passwort, nicht, die gesendet wurden.
reason-credentials_refused-remedy = Prüfen Sie Client-ID und Secret. Ist das Secret verloren, erzeugen Sie es neu.

reason-duplicate_credential = Schlüssel doppelt gesendet
reason-duplicate_credential-explained = Der Header mit dem API-Schlüssel kam mehr als einmal.
reason-duplicate_credential-remedy = Senden Sie den Schlüssel einmal. Ein Proxy oder eine Bibliothek dazwischen kann einen zweiten hinzufügen.

reason-expired_credential = Schlüssel abgelaufen
reason-expired_credential-explained = Der API-Schlüssel ist abgelaufen.
reason-expired_credential-remedy = Legen Sie für { $application } einen neuen Schlüssel an und rufen Sie damit auf.

reason-expired_token = Token abgelaufen
reason-expired_token-explained = Das Zugangstoken ist abgelaufen.
reason-expired_token-remedy = Holen Sie beim Anmeldedienst ein neues Zugangstoken und rufen Sie damit auf.

reason-inactive_token = Token nicht aktiv
reason-inactive_token-explained = Der Anmeldedienst sagt, dass das Token nicht mehr gilt.
reason-inactive_token-remedy = Holen Sie beim Anmeldedienst ein neues Zugangstoken und rufen Sie damit auf.

reason-insufficient_scope = Scope fehlt
reason-insufficient_scope-explained = Dem Token fehlt ein Scope, den { $api } verlangt.
reason-insufficient_scope-remedy = Holen Sie beim Anmeldedienst ein Token mit den Scopes, die die Seite der API nennt.

reason-issuer_undiscovered = Anmeldedienst nicht eingerichtet
reason-issuer_undiscovered-explained = Der Anmeldedienst von { $api } ist noch nicht ganz eingerichtet.
reason-issuer_undiscovered-remedy = Das können Sie nicht selbst ändern: Sagen Sie es mit der Nummer des Aufrufs denen, die das Portal betreiben.

reason-keys_unavailable = Anmeldedienst nicht erreichbar
reason-keys_unavailable-explained = Der Anmeldedienst war nicht zu erreichen, daher konnte niemand sagen, ob das Token gut ist.
reason-keys_unavailable-remedy = Versuchen Sie es in einigen Sekunden noch einmal. Wenn es anhält, sagen Sie es mit der Nummer des Aufrufs denen, die das Portal betreiben.

reason-limits_unavailable = Gateway überlastet
reason-limits_unavailable-explained = Das Gateway hatte mehr zu tun, als es kann.
reason-limits_unavailable-remedy = Versuchen Sie es in einigen Sekunden noch einmal. Wenn es anhält, sagen Sie es mit der Nummer des Aufrufs denen, die das Portal betreiben.

reason-login_failed = Anmeldung gescheitert
reason-login_failed-explained = Der Rückweg von der Anmeldeseite gehörte zu keiner Anmeldung, die im Gang war.
reason-login_failed-remedy = Beginnen Sie die Anmeldung neu, in einem Fenster und mit erlaubten Cookies.

reason-login_required = Niemand angemeldet
reason-login_required-explained = Niemand war angemeldet.
reason-login_required-remedy = Melden Sie sich erst an.

reason-malformed_credential = Kein API-Schlüssel
reason-malformed_credential-explained = Was als API-Schlüssel gesendet wurde, kann keiner sein: Ein Teil fehlt, oder ein Zeichen ist falsch.
reason-malformed_credential-remedy = Kopieren Sie den ganzen Schlüssel noch einmal, ohne Leer- und Anführungszeichen. Wenn Sie ihn nicht mehr haben, legen Sie einen neuen an.

reason-malformed_token = Kein Token
reason-malformed_token-explained = Was als Token gesendet wurde, kann keines sein.
reason-malformed_token-remedy = Senden Sie das ganze Zugangstoken unverändert nach dem Wort Bearer.

reason-method_absent = Anmeldeverfahren unbekannt
reason-method_absent-explained = Das Gateway kennt das Verfahren nicht, mit dem sich Aufrufer bei { $api } ausweisen sollen.
reason-method_absent-remedy = Das können Sie nicht selbst ändern: Sagen Sie es mit der Nummer des Aufrufs denen, die das Portal betreiben.

reason-missing_claim = Claim fehlt
reason-missing_claim-explained = Dem Token fehlt etwas, das { $api } wissen muss, oder es hat eine andere Form.
reason-missing_claim-remedy = Das können Sie nicht selbst ändern: Sagen Sie es mit der Nummer des Aufrufs denen, die das Portal betreiben.

reason-no_credential = Weder Schlüssel noch Token
reason-no_credential-explained = Der Aufruf enthielt weder einen API-Schlüssel noch ein Zugangstoken.
reason-no_credential-remedy = Senden Sie Ihren Schlüssel oder Ihr Token in dem Header, den die Seite der API zeigt.

reason-no_policy = Gateway gerade gestartet
reason-no_policy-explained = Das Gateway war gerade gestartet und kannte noch keine Anwendungen.
reason-no_policy-remedy = Versuchen Sie es in einigen Sekunden noch einmal. Wenn es anhält, sagen Sie es mit der Nummer des Aufrufs denen, die das Portal betreiben.

reason-not_registered = Kein Zugang
reason-not_registered-explained = Die Anwendung { $application } hat keinen Zugang zu { $api } bekommen.
reason-not_registered-remedy = Fragen Sie für { $application } Zugang zu { $api } an. Wenn Sie das schon getan haben: Die Anwendung muss das Verfahren nutzen, mit dem die API veröffentlicht ist.

reason-oversized_request = Zu viele Header
reason-oversized_request-explained = Der Aufruf hat mehr Header, als das Gateway liest.
reason-oversized_request-remedy = Senden Sie weniger Header.

reason-oversized_token = Token zu lang
reason-oversized_token-explained = Das Token ist länger, als das Gateway liest.
reason-oversized_token-remedy = Bitten Sie den Anmeldedienst um ein Token mit weniger Claims.

reason-premature_token = Token gilt noch nicht
reason-premature_token-explained = Das Token gilt noch nicht.
reason-premature_token-remedy = Prüfen Sie die Uhr dessen, was das Token ausstellt, und versuchen Sie es noch einmal.

reason-provider_invalid = Anmeldedienst nicht glaubwürdig
reason-provider_invalid-explained = Der Anmeldedienst war nicht zu erreichen, daher konnte niemand sagen, ob das Token gut ist.
reason-provider_invalid-remedy = Versuchen Sie es in einigen Sekunden noch einmal. Wenn es anhält, sagen Sie es mit der Nummer des Aufrufs denen, die das Portal betreiben.

reason-provider_unavailable = Anmeldedienst antwortet nicht
reason-provider_unavailable-explained = Der Anmeldedienst war nicht zu erreichen, daher konnte niemand sagen, ob das Token gut ist.
reason-provider_unavailable-remedy = Versuchen Sie es in einigen Sekunden noch einmal. Wenn es anhält, sagen Sie es mit der Nummer des Aufrufs denen, die das Portal betreiben.

reason-quota_exhausted = Kontingent aufgebraucht
reason-quota_exhausted-explained = { $application } hat ihr Kontingent aufgebraucht.
reason-quota_exhausted-remedy = Warten Sie, bis das Kontingent neu beginnt: Der Header Retry-After der Antwort sagt, wann. Um ein größeres bitten Sie die, die das Portal betreiben.

reason-rate_limited = Zu viele Aufrufe
reason-rate_limited-explained = { $application } ruft öfter auf, als sie darf.
reason-rate_limited-remedy = Rufen Sie langsamer auf: Der Header Retry-After der Antwort sagt, wann es weitergeht. Um eine höhere Rate bitten Sie die, die das Portal betreiben.

reason-refused_algorithm = Verfahren der Signatur nicht angenommen
reason-refused_algorithm-explained = Das Token ist auf eine Weise signiert, die { $api } nicht annimmt.
reason-refused_algorithm-remedy = Das können Sie nicht selbst ändern: Sagen Sie es mit der Nummer des Aufrufs denen, die das Portal betreiben.

reason-registration_pending = Zugang wartet auf Freigabe
reason-registration_pending-explained = Die Anfrage nach Zugang zu { $api } wartet auf Freigabe.
reason-registration_pending-remedy = Warten Sie, bis die Verwaltung sie freigibt.

reason-registration_rejected = Zugang abgelehnt
reason-registration_rejected-explained = Die Anfrage nach Zugang zu { $api } wurde abgelehnt.
reason-registration_rejected-remedy = Fragen Sie die, die das Portal betreiben, nach dem Grund.

reason-registration_revoked = Zugang entzogen
reason-registration_revoked-explained = Der Zugang zu { $api } wurde entzogen.
reason-registration_revoked-remedy = Fragen Sie die, die das Portal betreiben, nach dem Grund, oder fragen Sie noch einmal Zugang an.

reason-reserved_header = Reservierter Header
reason-reserved_header-explained = Der Aufruf hat einen Header, den nur das Gateway setzen darf, etwa X-Consumer-Id.
reason-reserved_header-remedy = Lassen Sie Header weg, die sagen, wer aufruft: Das Gateway sagt es der API von selbst.

reason-stale_policy = Gateway ohne Nachricht
reason-stale_policy-explained = Das Gateway hat so lange nichts vom Portal gehört, dass es nichts durchlässt.
reason-stale_policy-remedy = Das können Sie nicht selbst ändern: Sagen Sie es mit der Nummer des Aufrufs denen, die das Portal betreiben.

reason-too_many_waiting = Gateway durch Wartende überlastet
reason-too_many_waiting-explained = Das Gateway hatte mehr zu tun, als es kann.
reason-too_many_waiting-remedy = Versuchen Sie es in einigen Sekunden noch einmal. Wenn es anhält, sagen Sie es mit der Nummer des Aufrufs denen, die das Portal betreiben.

reason-unknown_application = Anwendung gelöscht
reason-unknown_application-explained = Der Schlüssel gehört zu einer Anwendung, die es nicht mehr gibt.
reason-unknown_application-remedy = Legen Sie eine Anwendung an, fragen Sie Zugang zu der API an und rufen Sie mit einem Schlüssel der Anwendung auf.

reason-unknown_client = Client nicht bekannt
reason-unknown_client-explained = Keine Anwendung dieses Portals hat die Client-ID, der das Token ausgestellt wurde.
reason-unknown_client-remedy = Rufen Sie mit einem Token der Client-ID auf, die Ihre Anwendung zeigt.

reason-unknown_credential = Schlüssel nicht bekannt
reason-unknown_credential-explained = Der API-Schlüssel ist nicht bekannt: Er wurde gelöscht oder widerrufen oder hier nie ausgestellt.
reason-unknown_credential-remedy = Legen Sie für Ihre Anwendung einen neuen Schlüssel an und rufen Sie damit auf.

reason-unknown_issuer = Aussteller nicht vertraut
reason-unknown_issuer-explained = Das Token hat jemand ausgestellt, dem { $api } nicht vertraut.
reason-unknown_issuer-remedy = Holen Sie das Token bei dem Aussteller, den die Seite der API nennt.

reason-unknown_key = Signaturschlüssel nicht bekannt
reason-unknown_key-explained = Das Token ist mit einem Schlüssel signiert, den sein Aussteller nicht hat.
reason-unknown_key-remedy = Holen Sie beim Anmeldedienst ein neues Zugangstoken und rufen Sie damit auf.

reason-unknown_route = Keine API unter dieser Adresse
reason-unknown_route-explained = Unter dieser Methode, diesem Rechner und diesem Pfad antwortet keine API.
reason-unknown_route-remedy = Vergleichen Sie die Adresse, die Sie aufgerufen haben, mit der in der Dokumentation der API.

reason-unknown_service = Dienst nicht bekannt
reason-unknown_service-explained = Was aufgerufen wurde, ist nicht veröffentlicht.
reason-unknown_service-remedy = Das können Sie nicht selbst ändern: Sagen Sie es mit der Nummer des Aufrufs denen, die das Portal betreiben.

reason-unpublished = Nicht veröffentlicht
reason-unpublished-explained = Was aufgerufen wurde, ist nicht veröffentlicht.
reason-unpublished-remedy = Das können Sie nicht selbst ändern: Sagen Sie es mit der Nummer des Aufrufs denen, die das Portal betreiben.

reason-wrong_audience = Token für eine andere API
reason-wrong_audience-explained = Das Token ist für eine andere API bestimmt.
reason-wrong_audience-remedy = Holen Sie beim Anmeldedienst ein Token mit der Audience von { $api }.

reason-wrong_header = Schlüssel im falschen Header
reason-wrong_header-explained = Der API-Schlüssel kam in einem anderen Header als dem, den { $api } liest.
reason-wrong_header-remedy = Senden Sie den Schlüssel in dem Header, den die Seite der API zeigt.

reason-wrong_token_type = Kein Zugangstoken
reason-wrong_token_type-explained = Das Token ist kein Zugangstoken.
reason-wrong_token_type-remedy = Senden Sie das Zugangstoken: Ein ID-Token oder ein Refresh-Token tut es nicht.
