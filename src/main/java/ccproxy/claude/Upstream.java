package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// The upstream: where it is, how requests to it begin, and the connections that are kept to it.
///
/// HTTP/1.1 on purpose: one connection a stream, so that one slow client never holds back another's
/// stream and no upstream limit of streams per connection matters.
final class Upstream implements AutoCloseable {
    /// A burst of as many streams finds its connections again; each is a few kB here and there.
    static final int KEPT_MAX = 2048;

    /// Below what servers in front of APIs wait before they close (60 s and more).
    private static final long KEPT_NANOS = TimeUnit.SECONDS.toNanos(45);

    /// How late a reader may be woken; it looks for its client and sends pings every few seconds.
    private static final int TEND_EVERY_MILLIS = 100;

    private final String host;
    private final int port;
    private final boolean isSecure;
    private final URI proxy;
    private final Tls tls;
    private final Duration connectTimeout;

    /// What stands before the path in a request's first line.
    private final String target;

    /// The headers that every request begins with.
    private final String head;

    private final String proxyLogin;
    private final ArrayDeque<HttpConnection> kept = new ArrayDeque<>();

    /// Every connection between its opening and its end.
    private final Set<HttpConnection> open = ConcurrentHashMap.newKeySet();

    private boolean isTended;
    private boolean isClosed;

    Upstream(URI base, Duration connectTimeout, EnvironmentProxies proxies) {
        this(base, connectTimeout, proxies, Tls.DEFAULT);
    }

    /// @param base where the API is: `http` or `https`, a host, perhaps a path
    /// @param connectTimeout until a connection is ready for a request
    Upstream(URI base, Duration connectTimeout, EnvironmentProxies proxies, Tls tls) {
        this.host = base.getHost();
        this.isSecure = "https".equalsIgnoreCase(base.getScheme());
        this.port = base.getPort() >= 0 ? base.getPort() : isSecure ? 443 : 80;
        this.proxy = proxies.proxy(base);
        this.tls = tls;
        this.connectTimeout = connectTimeout;
        String login = proxies.authorization(base);
        proxyLogin = login.isEmpty() ? "" : "proxy-authorization: " + login + "\r\n";
        String authority = base.getPort() >= 0 ? host + ":" + port : host;
        // A proxy is asked for the whole address, unless it only digs a tunnel (RFC 9112 §3.2.2).
        boolean isWhole = hasProxy() && !isSecure;
        target = (isWhole ? "http://" + authority : "") + base.getRawPath();
        head = " HTTP/1.1\r\nhost: " + authority + "\r\n" + (isWhole ? proxyLogin : "");
    }

    private boolean hasProxy() {
        return proxy.getHost() != null;
    }

    /// {@return a request, which goes out when its answer is first waited for}
    ///
    /// @param path begins with `/`, its query included
    /// @param body empty for a GET
    /// @throws ApiException when the path or a header, which came from a client, cannot be sent
    Sending send(String path, Map<String, List<String>> headers, byte[] body) {
        var text = new StringBuilder(512);
        text.append(body.length == 0 ? "GET " : "POST ").append(target).append(path).append(head);
        if (!isVisible(path)) {
            throw new ApiException(
                    ErrorKind.INVALID_REQUEST,
                    "path: expected visible ASCII characters, found others");
        }
        headers.forEach((name, values) -> values.forEach(value -> add(text, name, value)));
        if (body.length > 0) text.append("content-length: ").append(body.length).append("\r\n");
        byte[] bytes = text.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        return new Sending(this, bytes, body);
    }

    /// Whether it holds nothing that could end a request's first line, or that two readers could
    /// take for different bytes.
    private static boolean isVisible(String path) {
        for (int i = 0; i < path.length(); i++) {
            if (path.charAt(i) <= ' ' || path.charAt(i) >= 0x7F) return false;
        }
        return true;
    }

    private static void add(StringBuilder text, String name, String value) {
        if (!ResponseHead.isName(name, name.length()) || !ResponseHead.isValue(value)) {
            throw new ApiException(
                    ErrorKind.INVALID_REQUEST,
                    name + ": expected a header value of visible characters, found another one");
        }
        text.append(name).append(": ").append(value).append("\r\n");
    }

    /// Opens a connection, through the proxy if there is one.
    ///
    /// @throws java.net.SocketTimeoutException when it took longer than the limit
    void open(HttpConnection connection) throws IOException {
        long until = System.nanoTime() + connectTimeout.toNanos();
        open.add(connection);
        tend();
        try {
            reach(connection, until);
        } catch (IOException | RuntimeException e) {
            // Whoever cancelled it may have done so before it was among the open ones.
            close(connection);
            throw e;
        }
        connection.keep();
    }

    private void reach(HttpConnection connection, long until) throws IOException {
        if (hasProxy()) openProxy(connection, until);
        else connection.open(unbracketed(host), port, until);
        if (hasProxy() && isSecure) dig(connection, until);
        if (isSecure) connection.secure(tls, unbracketed(host), port, until);
    }

    private void openProxy(HttpConnection connection, long until) throws IOException {
        int proxyPort = proxy.getPort() < 0 ? 80 : proxy.getPort();
        try {
            connection.open(unbracketed(proxy.getHost()), proxyPort, until);
        } catch (ConnectException | UnknownHostException e) {
            // Whoever forgot that there is one would look for the fault at the upstream.
            String where = "proxy " + proxy.getHost() + ":" + proxyPort;
            throw new IOException(where + ": " + e.getMessage());
        }
    }

    /// Has the proxy dig a tunnel (RFC 9110 §9.3.6). Its login is shown unasked, to nobody else.
    private void dig(HttpConnection connection, long until) throws IOException {
        String connect = "CONNECT %s HTTP/1.1\r\nhost: %<s\r\n%s\r\n";
        String request = connect.formatted(host + ":" + port, proxyLogin);
        connection.write(request.getBytes(StandardCharsets.ISO_8859_1));
        connection.readUntil(until);
        int status = new ResponseHead.Reader(connection).read().status();
        if (status / 100 != 2) throw new IOException("the proxy refused with status " + status);
    }

    private static String unbracketed(String host) {
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    /// {@return connections that are open}
    int connections() {
        return open.size();
    }

    /// {@return a kept connection that can be used, the one used last; null when there is none}
    HttpConnection kept() {
        for (; ; ) {
            HttpConnection connection;
            synchronized (kept) {
                connection = kept.pollLast();
            }
            if (connection == null || connection.isUsable()) return connection;
            close(connection);
        }
    }

    /// Keeps a connection for a later request.
    void keep(HttpConnection connection) {
        connection.keep();
        HttpConnection surplus = null;
        synchronized (kept) {
            if (isClosed) surplus = connection;
            else kept.addLast(connection);
            if (kept.size() > KEPT_MAX) surplus = kept.pollFirst();
        }
        if (surplus != null) close(surplus);
    }

    /// Ends a connection.
    void close(HttpConnection connection) {
        open.remove(connection);
        connection.close();
    }

    /// Has a thread that wakes readers in time and closes what was kept for too long, as long as a
    /// connection is open.
    private void tend() {
        synchronized (kept) {
            if (!isTended) Thread.ofVirtual().name("upstream-tend").start(this::tendAll);
            isTended = true;
        }
    }

    private void tendAll() {
        try {
            while (isAnyOpen()) {
                TimeUnit.MILLISECONDS.sleep(TEND_EVERY_MILLIS);
                long now = System.nanoTime();
                for (HttpConnection connection : open) connection.wakeIfLate(now);
                closeKeptTooLong(now);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isAnyOpen() {
        synchronized (kept) {
            isTended = !open.isEmpty();
            return isTended;
        }
    }

    private void closeKeptTooLong(long now) {
        for (; ; ) {
            HttpConnection oldest;
            synchronized (kept) {
                oldest = kept.peekFirst();
                if (oldest == null || now - oldest.keptNanos() < KEPT_NANOS) return;
                kept.pollFirst();
            }
            close(oldest);
        }
    }

    @Override
    public void close() {
        synchronized (kept) {
            isClosed = true;
            kept.forEach(this::close);
            kept.clear();
        }
    }
}
