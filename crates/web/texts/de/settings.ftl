# Portale und ihre Einstellungen in der Konsole.

portal-name = Name
portal-display-name = Name, den Entwickler sehen
portal-description = Beschreibung
portal-access = Zugang
portal-private = Mit Konten
portal-public = Öffentlich
portal-new = Neues Portal
portal-search = Nach Namen suchen
portals-none = Noch kein Portal
portals-none-text = Ein Portal zeigt Entwicklern APIs; sie registrieren sich darin und bekommen Schlüssel.
portal-authentication = Entwickler haben Konten
portal-auto-developers = Entwickler automatisch freigeben
portal-auto-applications = Registrierungen automatisch freigeben
said-portal-created = Das Portal wurde angelegt.
