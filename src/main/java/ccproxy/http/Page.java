package ccproxy.http;

import ccproxy.claude.Backends;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// The page at `/`: made once, for nothing on it changes while the server runs.
final class Page {
    private static final String POLICY =
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

    private final ServerSettings settings;
    private final Backends backends;

    Page(ServerSettings settings, Backends backends) {
        this.settings = settings;
        this.backends = backends;
    }

    private byte[] html() {
        var list = new StringBuilder();
        for (String name : backends.byName().keySet()) {
            boolean isBare = name.equals(backends.name());
            list.append("<li><code>/")
                    .append(name)
                    .append("</code>")
                    .append(isBare ? " (also without a prefix)" : "")
                    .append("</li>");
        }
        String page =
                resource()
                        .replace("{{version}}", escaped(settings.version()))
                        .replace("{{backend}}", escaped(backends.name()))
                        .replace("{{backends}}", list);
        return page.getBytes(StandardCharsets.UTF_8);
    }

    private static String resource() {
        try (InputStream in = Page.class.getResourceAsStream("index.html")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
    }

    void show(Exchange exchange) {
        exchange.set("content-security-policy", POLICY);
        exchange.set("x-content-type-options", "nosniff");
        exchange.set("cache-control", "no-cache");
        exchange.reply(200, "text/html; charset=utf-8", html());
    }
}
