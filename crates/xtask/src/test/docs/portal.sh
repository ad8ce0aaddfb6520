# A running portal with an application, and the names that the pages use for what is in it.
gatekey serve >"$OUT/portal.log" 2>&1 &
curl -s --retry 60 --retry-delay 1 --retry-connrefused "$GATEKEY_URL/readyz" >/dev/null
cat >"$OUT/state.yaml" <<'STATE'
_format_version: "1.0"
auth_strategies:
  - name: keys
    display_name: API key
    strategy_type: key_auth
    configs: {key-auth: {key_names: [apikey]}}
control_planes:
  - name: edge
    services: [{name: flights, host: 127.0.0.1, port: 8181}]
    routes: [{name: flights, service: flights, paths: [/flights]}]
apis:
  - name: Flights
    version: v1
    implementation: {control_plane: edge, service: flights}
    publications: [{portal: Dev, auth_strategy: keys, visibility: public}]
portals:
  - name: Dev
    developers: [{email: ann@example.com, full_name: Ann, status: approved}]
    applications:
      - name: shop
        developer: ann@example.com
        auth_strategy: keys
        registrations: [{api: Flights@v1, status: approved}]
STATE
gatekey apply -f "$OUT/state.yaml" >"$OUT/apply.log"
BASE=$GATEKEY_URL
TOKEN=$(cat .gatekey/admin-token)
ADMIN="Authorization: Bearer $TOKEN"
PORTAL=$(curl -s -H "$ADMIN" "$BASE/v3/portals" | jq -r '.data[0].id')
API=$(curl -s -H "$ADMIN" "$BASE/v3/apis" | jq -r '.data[0].id')
APPLICATION=$(curl -s -H "$ADMIN" "$BASE/v3/portals/$PORTAL/applications" | jq -r '.data[0].id')
KEYS=$BASE/v3/portals/$PORTAL/applications/$APPLICATION/credentials
CREDENTIAL=$(curl -s -H "$ADMIN" -X POST "$KEYS" | jq -r .id)
