# Konten von Entwicklern.

account-email = E-Mail-Adresse
account-password = Passwort
sign-in-to = Bei { $portal } anmelden
sign-in-none = Dieses Portal steht allen offen; es gibt keine Konten.
sign-in-by-provider = Mit Ihrer Organisation anmelden
forgot-password = Passwort vergessen?
no-account-yet = Noch kein Konto?
said-signed-out = Sie sind abgemeldet.
