package ccproxy.claude;

import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The HTTP proxies that the environment names, as curl and the official SDKs read them:
/// `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, in lower or upper case.
final class EnvironmentProxies extends ProxySelector {
    private final Map<String, String> environment;
    private final URI https;
    private final URI http;

    /// @throws IllegalArgumentException names the variable that holds no proxy that we can use
    EnvironmentProxies(Map<String, String> environment) {
        this.environment = environment;
        this.https = proxy("https_proxy");
        this.http = proxy("http_proxy");
    }

    private URI proxy(String name) {
        String variable = value(name).isEmpty() ? "all_proxy" : name;
        String address = value(variable);
        if (address.isEmpty()) return URI.create("");
        String url = address.contains("://") ? address : "http://" + address;
        try {
            URI uri = URI.create(url);
            if ("http".equals(uri.getScheme()) && uri.getHost() != null) return uri;
        } catch (IllegalArgumentException _) {
            // Said below.
        }
        throw new IllegalArgumentException(
                variable.toUpperCase(Locale.ROOT) + ": expected http://host:port");
    }

    private String value(String name) {
        String lower = environment.getOrDefault(name, "");
        return lower.isEmpty()
                ? environment.getOrDefault(name.toUpperCase(Locale.ROOT), "")
                : lower;
    }

    @Override
    public List<Proxy> select(URI uri) {
        URI proxy = "https".equalsIgnoreCase(uri.getScheme()) ? https : http;
        if (proxy.getHost() == null || isDirect(uri.getHost())) return List.of(Proxy.NO_PROXY);
        int port = proxy.getPort() < 0 ? 80 : proxy.getPort();
        return List.of(
                new Proxy(
                        Proxy.Type.HTTP,
                        InetSocketAddress.createUnresolved(proxy.getHost(), port)));
    }

    /// Loopback never goes through a proxy: it would mean another machine there.
    private boolean isDirect(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        if (name.equals("localhost") || name.startsWith("127.") || name.equals("[::1]"))
            return true;
        for (String entry : value("no_proxy").toLowerCase(Locale.ROOT).split("[,\\s]+")) {
            String suffix = entry.startsWith("*.") ? entry.substring(1) : entry;
            if (suffix.isEmpty()) continue;
            String dotted = suffix.startsWith(".") ? suffix : "." + suffix;
            if (suffix.equals("*") || name.equals(suffix) || name.endsWith(dotted)) return true;
        }
        return false;
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException e) {
        // The request fails with the same reason.
    }

    /// {@return what answers a proxy that asks for the user and password of its URL}
    static Authenticator authenticator(ProxySelector proxies) {
        return new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
                if (getRequestorType() != RequestorType.PROXY) return null;
                if (!(proxies instanceof EnvironmentProxies environment)) return null;
                return environment.login(getRequestingHost());
            }
        };
    }

    private PasswordAuthentication login(String host) {
        for (URI proxy : List.of(https, http)) {
            String user = proxy.getRawUserInfo();
            if (user == null || !host.equalsIgnoreCase(proxy.getHost())) continue;
            String[] parts = user.split(":", 2);
            String password = parts.length > 1 ? decoded(parts[1]) : "";
            return new PasswordAuthentication(decoded(parts[0]), password.toCharArray());
        }
        return null;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
