package ccproxy.http;

import ccproxy.claude.EventStream;
import ccproxy.observe.RequestContext;
import ccproxy.wire.ApiException;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// One request and its response on the socket: body within its limit, replies, and what the log
/// will say. All but [#cutWith] and [#cut] is for the exchange's own thread.
final class Exchange {
    /// A header line stays far below what any client accepts (8 kB), whatever a model is called.
    private static final int HEADER_CHARACTERS_MAX = 2000;

    private static final int PIECE_BYTES = 64 << 10;

    private final HttpExchange http;
    private final RequestContext context;
    private final Route route;
    private final AccessLog log;
    private final RequestBody body;
    private final boolean isMessages;
    private int status;
    private volatile EventStream answer;
    private volatile ApiException cut;
    private StreamFace streaming;

    Exchange(HttpExchange http, RequestContext context, Route route) {
        this.http = http;
        this.context = context;
        this.route = route;
        this.log = new AccessLog(context, http.getRequestMethod(), route.name());
        this.body = new RequestBody(http);
        this.isMessages =
                Route.isMessages(
                        http.getRequestURI().getRawPath(), !header("anthropic-version").isEmpty());
    }

    RequestContext context() {
        return context;
    }

    Route route() {
        return route;
    }

    AccessLog log() {
        return log;
    }

    String method() {
        return http.getRequestMethod();
    }

    /// {@return whether errors have the shape of the Messages API, else of Chat Completions}
    boolean isMessages() {
        return isMessages;
    }

    /// {@return the first value of a request header, `""` when there is none}
    String header(String name) {
        String value = http.getRequestHeaders().getFirst(name);
        return value == null ? "" : value;
    }

    /// {@return the request's headers by lower-case name}
    Map<String, List<String>> headers() {
        var headers = new java.util.TreeMap<String, List<String>>();
        http.getRequestHeaders()
                .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values));
        return headers;
    }

    /// {@return the raw query, `""` when there is none}
    String query() {
        String query = http.getRequestURI().getRawQuery();
        return query == null ? "" : query;
    }

    /// {@return the connection's two ends}
    ClientWatch.Watch watched(ClientWatch watch) {
        return watch.watch(http.getLocalAddress(), http.getRemoteAddress());
    }

    /// {@return the request's JSON body}
    ///
    /// @throws ApiException when it is too large or says it is something else
    byte[] body(long bytesMax) throws IOException {
        return body.json(bytesMax);
    }

    /// Sets a response header; what no header may hold is replaced, what is too long is cut.
    void set(String name, String value) {
        if (value.isEmpty()) return;
        String shown = value.substring(0, Math.min(value.length(), HEADER_CHARACTERS_MAX));
        http.getResponseHeaders().set(name, isVisible(shown) ? shown : visible(shown));
    }

    private static boolean isVisible(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < ' ' || text.charAt(i) > '~') return false;
        }
        return true;
    }

    private static String visible(String text) {
        return text.replaceAll("[^\\x20-\\x7E]", "?");
    }

    /// Sets an upstream's response headers.
    void setAll(Map<String, List<String>> headers) {
        Headers mine = http.getResponseHeaders();
        headers.forEach((name, values) -> mine.put(name, List.copyOf(values)));
    }

    /// Replies with a whole body and ends the response.
    void reply(int status, String contentType, byte[] body) {
        this.status = status;
        boolean isRead = this.body.isRead();
        if (!isRead) set("connection", "close");
        if (!contentType.isEmpty()) set("content-type", contentType);
        try {
            if (method().equals("HEAD") || body.length == 0) {
                if (status != 204 && method().equals("HEAD"))
                    set("content-length", Integer.toString(body.length));
                http.sendResponseHeaders(status, -1);
                return;
            }
            http.sendResponseHeaders(status, body.length);
            OutputStream out = http.getResponseBody();
            write(body, out);
            out.flush();
            if (!isRead) this.body.drain();
            out.close();
        } catch (IOException _) {
            throw new ClientGoneException();
        }
    }

    /// The JDK's server keeps a buffer of twice the largest piece for as long as the connection
    /// lasts.
    private static void write(byte[] body, OutputStream out) throws IOException {
        for (int at = 0; at < body.length; at += PIECE_BYTES)
            out.write(body, at, Math.min(PIECE_BYTES, body.length - at));
    }

    /// Replies with JSON.
    void json(int status, byte[] body) {
        reply(status, "application/json", body);
    }

    /// {@return whether the head of the response is on its way}
    boolean isHeadOut() {
        return http.getResponseCode() != -1;
    }

    /// Begins a streamed response.
    ///
    /// @param face writes the events, and the error if there is one
    OutputStream stream(StreamFace face) throws IOException {
        status = 200;
        streaming = face;
        set("content-type", "text/event-stream; charset=utf-8");
        set("cache-control", "no-cache");
        set("x-accel-buffering", "no");
        http.sendResponseHeaders(200, 0);
        return http.getResponseBody();
    }

    /// Notes the answer that is being given, so that [#cut] can end it.
    void answer(EventStream events) {
        answer = events;
        if (cut != null) events.close();
    }

    /// Says that the answer must end with `error`; [#cut()] ends it. Both come from another thread.
    void cutWith(ApiException error) {
        cut = error;
    }

    /// Ends the answer that is being given.
    void cut() {
        EventStream events = answer;
        if (events != null) events.close();
    }

    /// Stops an answer that begins only now.
    ///
    /// @throws ApiException when it must end
    void checkNotCut() {
        if (cut != null) throw cut;
    }

    /// Tells the client of a failure, in its API's shape: with a status of its own as long as the
    /// head is not out, else in the stream, which then ends as no whole answer does.
    void fail(ApiException thrown) {
        ApiException error = cut == null ? thrown : cut;
        log.failed(error.getMessage());
        if (!isHeadOut()) {
            setAll(error.headers());
            if (!isMessages) setAll(RateLimits.toChat(error.headers(), Instant.now()));
            int code = isMessages ? error.messagesStatus() : error.chatStatus();
            json(code, isMessages ? error.messagesBody(context.requestId()) : error.chatBody());
        } else if (streaming != null) {
            try {
                streaming.fail(error, context.requestId());
            } catch (IOException _) {
                throw new ClientGoneException();
            }
        }
    }

    /// Ends the exchange and writes its line.
    ///
    /// @param isGone whether the client left
    void end(boolean isGone) {
        if (isGone) log.failed("client left");
        log.write(isGone ? 499 : status);
        http.close();
    }
}
