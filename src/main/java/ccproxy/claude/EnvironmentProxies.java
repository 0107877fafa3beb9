package ccproxy.claude;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;

/// The HTTP proxies that the environment names, as curl and the official SDKs read them:
/// `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, in lower or upper case.
final class EnvironmentProxies {
    private final Map<String, String> environment;
    private final URI https;
    private final URI http;

    /// @throws IllegalArgumentException names the variable that holds no proxy that we can use
    EnvironmentProxies(Map<String, String> environment) {
        this.environment = environment;
        this.https = variable("https_proxy");
        this.http = variable("http_proxy");
    }

    private URI variable(String scheme) {
        String variable = value(scheme).isEmpty() ? "all_proxy" : scheme;
        String address = value(variable);
        if (address.isEmpty()) return URI.create("");
        String url = address.contains("://") ? address : "http://" + address;
        try {
            URI uri = URI.create(url);
            if ("http".equals(uri.getScheme()) && uri.getHost() != null) return uri;
        } catch (IllegalArgumentException _) {
            // Said below.
        }
        boolean isLower = !environment.getOrDefault(variable, "").isEmpty();
        String name = isLower ? variable : variable.toUpperCase(Locale.ROOT);
        throw new IllegalArgumentException(name + ": expected http://host:port");
    }

    private String value(String name) {
        String lower = environment.getOrDefault(name, "");
        return lower.isEmpty()
                ? environment.getOrDefault(name.toUpperCase(Locale.ROOT), "")
                : lower;
    }

    /// {@return the proxy on the way to `uri`; an empty one for none}
    URI proxy(URI uri) {
        if (isDirect(uri.getHost())) return URI.create("");
        return "https".equalsIgnoreCase(uri.getScheme()) ? https : http;
    }

    /// Loopback never goes through a proxy: it would mean another machine there.
    private boolean isDirect(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        if (name.equals("localhost") || name.startsWith("127.") || name.equals("[::1]"))
            return true;
        for (String entry : value("no_proxy").toLowerCase(Locale.ROOT).split("[,\\s]+", -1)) {
            String suffix = entry.startsWith("*.") ? entry.substring(1) : entry;
            if (suffix.isEmpty()) continue;
            String dotted = suffix.startsWith(".") ? suffix : "." + suffix;
            if (suffix.equals("*") || name.equals(suffix) || name.endsWith(dotted)) return true;
        }
        return false;
    }

    /// {@return the `Proxy-Authorization` for the proxy of `uri`, with the user and password of its
    /// URL; `""` when there is none}. Sent unasked, as curl does: it saves a round trip, and a
    /// proxy may close the connection instead of asking.
    String authorization(URI uri) {
        String login = proxy(uri).getRawUserInfo();
        if (login == null) return "";
        String[] parts = login.split(":", 2);
        String plain = decoded(parts[0]) + ":" + (parts.length > 1 ? decoded(parts[1]) : "");
        return "Basic "
                + Base64.getEncoder().encodeToString(plain.getBytes(StandardCharsets.UTF_8));
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
