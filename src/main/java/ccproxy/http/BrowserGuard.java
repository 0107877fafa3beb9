package ccproxy.http;

import ccproxy.wire.ApiException;
import ccproxy.wire.Ascii;
import ccproxy.wire.ErrorKind;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.regex.Pattern;

/// Keeps web pages out that nobody let in. A browser sends any page's requests to this machine,
/// from behind every firewall; what it cannot be made to hide is the page's `Origin`, and the name
/// that the page believes to talk to, its `Host`: a name of the attacker's own that resolves to us
/// (DNS rebinding). Programs send no `Origin` and are not touched. Pages of `cors.origins` are
/// answered as the Fetch standard wants it (`fetch.spec.whatwg.org`, CORS protocol).
///
/// `/health*` is open to every name and origin, as it is without a token: it says little, and
/// whoever watches the server may call it by any name.
final class BrowserGuard {
    private static final String ANY = "*";

    /// What a page may hold on to an answer; a change of the configuration is seen by then.
    private static final String PREFLIGHT_SECONDS = "600";

    private static final String METHODS = "GET, HEAD, POST, DELETE, OPTIONS";

    /// What the SDKs send; a page that asks for others gets what it asks for.
    private static final String HEADERS =
            "authorization, x-api-key, content-type, anthropic-version, anthropic-beta, anthropic-dangerous-direct-browser-access, x-request-id";

    /// Of this machine, whatever a resolver says; the last two are its name in containers.
    private static final Pattern LOOPBACK =
            Pattern.compile(
                    "localhost|.+\\.localhost|127(\\.[0-9]{1,3}){3}|\\[::1]|host\\.docker\\.internal|host\\.containers\\.internal");

    private static final Pattern HEADER_NAMES = Pattern.compile("[A-Za-z0-9_, -]{1,2000}");
    private static final int SHOWN_LENGTH_MAX = 200;

    private final ServerSettings.Access access;
    private final String ownHost;
    private final boolean checksHosts;
    private final boolean refusesOthers;

    BrowserGuard(ServerSettings settings) {
        access = settings.access();
        String host = settings.listen().host().toLowerCase(Locale.ROOT);
        ownHost = host.contains(":") ? "[" + host + "]" : host;
        boolean isLoopback = isLoopback(host);
        // Beyond this machine a key is wanted, which no page has; its names nobody can know.
        checksHosts = isLoopback || !access.hosts().isEmpty();
        refusesOthers = isLoopback || access.keys().isEmpty();
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException _) {
            return true;
        }
    }

    /// Lets a request pass, or answers it: a preflight, for which a browser sends no key.
    ///
    /// @return whether it is answered
    /// @throws ApiException when it comes from a page, or by a name, that is not let in
    boolean isAnswered(Exchange exchange) {
        boolean isOpen = exchange.route().endpoint().isOpen();
        String origin = exchange.header("origin");
        if (!access.origins().isEmpty()) exchange.set("vary", "origin");
        boolean isAllowed = isAllowed(origin);
        if (isAllowed) {
            exchange.set("access-control-allow-origin", origin);
            // All of them: it is a wildcard as long as no cookies are asked for.
            exchange.set("access-control-expose-headers", ANY);
        }
        if (!isOpen && checksHosts) checkHost(exchange.header("host"));
        if (isAllowed) return isPreflight(exchange) && preflight(exchange);
        boolean isOwn = origin.isEmpty() || isOwn(origin, exchange.header("host"));
        if (isOpen || isOwn || !refusesOthers) return false;
        throw new ApiException(
                ErrorKind.PERMISSION,
                "origin: expected this server's own page or one of cors.origins, found '"
                        + shown(origin)
                        + "'; set cors.origins to let it ask");
    }

    private boolean isAllowed(String origin) {
        if (origin.isEmpty()) return false;
        return access.origins().contains(ANY)
                || access.origins().contains(origin.toLowerCase(Locale.ROOT));
    }

    private void checkHost(String header) {
        String name = name(header);
        // Only what is no browser sends none.
        boolean isOwn = name.isEmpty() || name.equals(ownHost) || LOOPBACK.matcher(name).matches();
        if (isOwn || access.hosts().contains(ANY) || access.hosts().contains(name)) return;
        throw new ApiException(
                ErrorKind.PERMISSION,
                "host: expected localhost or one of hosts, found '"
                        + shown(name)
                        + "'; set hosts to let it be asked by this name");
    }

    /// {@return the name in a `Host` header: lower-case, without port and the root's dot}
    private static String name(String header) {
        int colon = header.lastIndexOf(':');
        boolean hasPort = colon >= 0 && Ascii.isDigits(header, colon + 1, header.length());
        String name = hasPort ? header.substring(0, colon) : header;
        if (name.endsWith(".")) name = name.substring(0, name.length() - 1);
        return name.toLowerCase(Locale.ROOT);
    }

    /// Whether a page is this server's own. What stands before `://` is not compared: a reverse
    /// proxy may speak TLS for us, and one port speaks one protocol.
    private static boolean isOwn(String origin, String host) {
        int scheme = origin.indexOf("://");
        if (scheme < 0) return false;
        String port = origin.substring(0, scheme).equalsIgnoreCase("https") ? ":443" : ":80";
        String page = origin.substring(scheme + 3).toLowerCase(Locale.ROOT);
        return without(port, page).equals(without(port, host.toLowerCase(Locale.ROOT)));
    }

    private static String without(String port, String authority) {
        boolean hasIt = authority.endsWith(port);
        return hasIt ? authority.substring(0, authority.length() - port.length()) : authority;
    }

    private static boolean isPreflight(Exchange exchange) {
        return exchange.method().equals("OPTIONS")
                && !exchange.header("access-control-request-method").isEmpty();
    }

    private static boolean preflight(Exchange exchange) {
        String asked = exchange.header("access-control-request-headers");
        boolean isUsable = HEADER_NAMES.matcher(asked).matches();
        exchange.set("access-control-allow-methods", METHODS);
        exchange.set("access-control-allow-headers", isUsable ? asked : HEADERS);
        exchange.set("access-control-max-age", PREFLIGHT_SECONDS);
        exchange.set("vary", "origin, access-control-request-headers");
        if (exchange.header("access-control-request-private-network").equals("true"))
            exchange.set("access-control-allow-private-network", "true");
        exchange.reply(204, "", new byte[0]);
        return true;
    }

    private static String shown(String text) {
        return text.substring(0, Math.min(text.length(), SHOWN_LENGTH_MAX));
    }
}
