package ccproxy.http;

import ccproxy.claude.EventStream;
import ccproxy.observe.RequestContext;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// One request and its response on the socket: body within its limit, replies, and what the log
/// will say. All but [#cut] is for the exchange's own thread.
final class Exchange {
    /// Of a body that nobody wants: enough for a client that sends on until it reads the error.
    private static final long DRAINED_BYTES_MAX = 256L << 20;

    private final HttpExchange http;
    private final RequestContext context;
    private final Route route;
    private final AccessLog log;
    private final boolean isMessages;
    private int status;
    private boolean isAtEnd;
    private volatile EventStream answer;
    private volatile ApiException cut;
    private StreamFace streaming;

    Exchange(HttpExchange http, RequestContext context, Route route) {
        this.http = http;
        this.context = context;
        this.route = route;
        this.log = new AccessLog(context, http.getRequestMethod(), route.name());
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
        String type = header("content-type").toLowerCase(Locale.ROOT).split(";")[0].strip();
        if (!type.isEmpty() && !type.equals("application/json") && !type.endsWith("+json")) {
            throw new ApiException(
                    ErrorKind.INVALID_REQUEST,
                    "content-type: expected application/json, found " + type);
        }
        if (length() > bytesMax) throw tooLarge(bytesMax, length());
        InputStream in = http.getRequestBody();
        byte[] body = in.readNBytes((int) Math.min(Integer.MAX_VALUE - 8, bytesMax + 1));
        if (body.length > bytesMax) throw tooLarge(bytesMax, body.length);
        isAtEnd = true;
        if (body.length < length()) throw new ClientGoneException();
        return body;
    }

    private long length() {
        try {
            return Long.parseLong(header("content-length"));
        } catch (NumberFormatException _) {
            return -1;
        }
    }

    private static ApiException tooLarge(long bytesMax, long found) {
        return new ApiException(
                ErrorKind.TOO_LARGE,
                "body: expected at most "
                        + bytesMax
                        + " bytes, found "
                        + (found > bytesMax + 1 ? found : "more"));
    }

    /// Sets a response header; what no header may hold is replaced.
    void set(String name, String value) {
        if (!value.isEmpty())
            http.getResponseHeaders().set(name, value.replaceAll("[^\\x20-\\x7E]", "?"));
    }

    /// Sets an upstream's response headers.
    void setAll(Map<String, List<String>> headers) {
        Headers mine = http.getResponseHeaders();
        headers.forEach((name, values) -> mine.put(name, List.copyOf(values)));
    }

    /// Replies with a whole body and ends the response.
    void reply(int status, String contentType, byte[] body) {
        this.status = status;
        boolean isRead = isBodyRead();
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
            out.write(body);
            out.flush();
            if (!isRead) drain();
            out.close();
        } catch (IOException _) {
            throw new ClientGoneException();
        }
    }

    /// Replies with JSON.
    void json(int status, byte[] body) {
        reply(status, "application/json", body);
    }

    private boolean isBodyRead() {
        long length = length();
        return isAtEnd || length <= 0 && header("transfer-encoding").isEmpty();
    }

    /// Reads on what the client still sends, so that it comes to read the reply: a close with bytes
    /// unread would reset the connection and take the reply with it (RFC 9112 §9.6).
    private void drain() throws IOException {
        InputStream in = http.getRequestBody();
        byte[] buffer = new byte[16 << 10];
        long drained = 0;
        for (int count = in.read(buffer);
                count >= 0 && drained < DRAINED_BYTES_MAX;
                count = in.read(buffer)) {
            drained += count;
        }
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

    /// Ends an answer that is being given, from another thread: its client gets `error`.
    void cut(ApiException error) {
        cut = error;
        EventStream events = answer;
        if (events != null) events.close();
    }

    /// Tells the client of a failure, in its API's shape: with a status of its own as long as the
    /// head is not out, else in the stream, which then ends as no whole answer does.
    void fail(ApiException thrown) {
        ApiException error = cut == null ? thrown : cut;
        log.failed(error.getMessage());
        if (!isHeadOut()) {
            setAll(error.headers());
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
