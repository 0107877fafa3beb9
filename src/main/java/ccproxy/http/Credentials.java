package ccproxy.http;

import ccproxy.claude.ClientHeaders;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import com.sun.net.httpserver.Headers;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The keys that clients send: `x-api-key` or `Authorization: Bearer`, on every face. Which API a
/// client speaks is told by the path, never by these.
final class Credentials {
    private final ClientKeys keys;

    /// @param keys of this server
    Credentials(ClientKeys keys) {
        this.keys = keys;
    }

    /// {@return the key that a client has shown, else [ClientKey#NONE]}
    ClientKey identify(Headers headers) {
        ClientKey key = keys.find(HeaderText.first(headers, "x-api-key"));
        return key.isKnown() ? key : keys.find(bearer(HeaderText.first(headers, "authorization")));
    }

    /// Lets in who has a key, or everyone where there are none.
    void check(Exchange exchange) {
        if (keys.isEmpty() || exchange.key().isKnown()) return;
        throw new ApiException(
                ErrorKind.AUTHENTICATION,
                "authentication: expected the server's token as x-api-key or Authorization: Bearer");
    }

    private static String bearer(String value) {
        return value.regionMatches(true, 0, "Bearer ", 0, 7) ? value.substring(7).strip() : "";
    }

    /// {@return a Messages client's own headers, as they came}
    ClientHeaders messages(Exchange exchange) {
        var own = new HashMap<String, String>();
        for (String name : List.of("x-api-key", "authorization")) {
            if (!exchange.header(name).isEmpty()) own.put(name, exchange.header(name));
        }
        String owner = exchange.key().owner();
        return new ClientHeaders(exchange.query(), forwarded(exchange), own, owner);
    }

    /// {@return a Chat Completions client's headers as the Messages API wants them}
    ///
    /// @param version the `anthropic-version`
    /// @param betas what the request needs, unless the client asks for one of them by another date
    ClientHeaders chat(Exchange exchange, String version, Set<String> betas) {
        Map<String, List<String>> forwarded = forwarded(exchange);
        forwarded.put("anthropic-version", List.of(version));
        var all = ClientHeaders.betas(forwarded.getOrDefault("anthropic-beta", List.of()));
        var asked = all.stream().map(ClientHeaders::undated).toList();
        for (String beta : betas) if (!asked.contains(ClientHeaders.undated(beta))) all.add(beta);
        String bearer = bearer(exchange.header("authorization"));
        String key = exchange.header("x-api-key");
        var own = new HashMap<String, String>();
        if (bearer.startsWith(ClientHeaders.OAUTH_TOKEN)
                || (!bearer.isEmpty() && all.contains(ClientHeaders.OAUTH_BETA))) {
            own.put("authorization", "Bearer " + bearer);
        } else if (!bearer.isEmpty() || !key.isEmpty()) {
            own.put("x-api-key", key.isEmpty() ? bearer : key);
        }
        if (!all.isEmpty()) forwarded.put("anthropic-beta", List.of(String.join(",", all)));
        return new ClientHeaders("", forwarded, own, exchange.key().owner());
    }

    private static Map<String, List<String>> forwarded(Exchange exchange) {
        return exchange.headers("anthropic-");
    }
}
