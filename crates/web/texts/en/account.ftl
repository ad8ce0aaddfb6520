# Accounts of developers.

account-email = E-mail address
account-password = Password
sign-in-to = Sign in to { $portal }
sign-in-none = This portal is open to everybody; there are no accounts.
sign-in-by-provider = Sign in with your organisation
forgot-password = Forgot your password?
no-account-yet = No account yet?
said-signed-out = You are signed out.
