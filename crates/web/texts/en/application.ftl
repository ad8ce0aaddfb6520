# Applications, credentials, registrations, usage of developers.
