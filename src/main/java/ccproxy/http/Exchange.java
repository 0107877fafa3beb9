package ccproxy.http;

import ccproxy.observe.Observers;
import ccproxy.observe.RequestContext;
import ccproxy.observe.Trace;
import ccproxy.wire.ApiException;
import ccproxy.wire.TraceLine;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/// One request and its response on the socket: body within its limit, replies, and what the log
/// will say. All but [#answer] and [#isStreaming] is for the exchange's own thread.
final class Exchange {
    private static final int PIECE_BYTES = 64 << 10;

    private final HttpExchange http;
    private final Known known;
    private final AccessLog log;
    private final RequestBody body;
    private final boolean isMessages;
    private final CurrentAnswer answer = new CurrentAnswer();
    private int status;
    private volatile StreamFace streaming;

    /// What is known of a request before it is answered.
    ///
    /// @param key that the client has shown, [ClientKey#NONE] when it has none
    /// @param share of the server's memory
    record Known(
            RequestContext context, Route route, ClientKey key, Trace trace, Load.Share share) {}

    Exchange(HttpExchange http, Known known) {
        this.http = http;
        this.known = known;
        this.log = new AccessLog(known.context, http.getRequestMethod(), known.route);
        this.body = new RequestBody(http, known.share);
        this.isMessages =
                Route.isMessages(
                        http.getRequestURI().getRawPath(), !header("anthropic-version").isEmpty());
    }

    RequestContext context() {
        return known.context;
    }

    Route route() {
        return known.route;
    }

    /// {@return the key that the client has shown, [ClientKey#NONE] when it has none}
    ClientKey key() {
        return known.key;
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
        return HeaderText.first(http.getRequestHeaders(), name);
    }

    /// {@return the request's headers whose names begin so, by lower-case name}
    Map<String, List<String>> headers(String prefix) {
        return HeaderText.all(http.getRequestHeaders(), prefix);
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
        byte[] json = body.json(bytesMax);
        known.trace.requestBody(json);
        return json;
    }

    /// Begins the trace of this request, if requests are traced.
    void trace() {
        if (!known.trace.isOn()) return;
        String path = http.getRequestURI().getRawPath();
        known.trace.begin(new Trace.Request(method(), path, query(), headers("")));
    }

    /// Sets a response header; what no header may hold is replaced, what is too long is cut.
    void set(String name, String value) {
        if (value.isEmpty()) return;
        http.getResponseHeaders().set(name, HeaderText.of(value));
    }

    /// Sets an upstream's response headers.
    void setAll(Map<String, List<String>> headers) {
        headers.forEach((name, all) -> http.getResponseHeaders().put(name, List.copyOf(all)));
    }

    /// Sets what is left of limits, in the words of the client's API.
    void limits(Map<String, List<String>> headers) {
        setAll(headers);
        if (!isMessages) setAll(RateLimits.toChat(headers, Instant.now()));
    }

    /// Replies with a whole body and ends the response.
    void reply(int status, String contentType, byte[] body) {
        this.status = status;
        boolean isRead = this.body.isRead();
        if (!isRead) set("connection", "close");
        if (!contentType.isEmpty()) set("content-type", contentType);
        traceHead();
        try {
            if (method().equals("HEAD") || body.length == 0) {
                http.sendResponseHeaders(status, -1);
                return;
            }
            // In chunks, of which the last goes out with the body: see [#finish]. But who still
            // sends must see the end before we are done with reading.
            http.sendResponseHeaders(status, isRead ? 0 : body.length);
            OutputStream out = http.getResponseBody();
            write(body, out);
            if (known.trace.isOn()) known.trace.response(TraceLine.body(body));
            if (!isRead) {
                out.flush();
                this.body.drain();
            }
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
        // The answer has begun: the request was let go.
        body.release();
        set("content-type", "text/event-stream; charset=utf-8");
        set("cache-control", "no-cache");
        set("x-accel-buffering", "no");
        traceHead();
        http.sendResponseHeaders(200, 0);
        OutputStream out = http.getResponseBody();
        return known.trace.isOn() ? new TracedOutput(out, known.trace) : out;
    }

    private void traceHead() {
        if (known.trace.isOn()) known.trace.response(status, Map.copyOf(http.getResponseHeaders()));
    }

    /// {@return the answer that is being given}
    CurrentAnswer answer() {
        return answer;
    }

    /// Tells the client of a failure, in its API's shape: with a status of its own as long as the
    /// head is not out, else in the stream, which then ends as no whole answer does.
    void fail(ApiException thrown) {
        ApiException error = answer.told(thrown);
        log.failed(error.getMessage());
        String id = known.context.requestId();
        if (!isHeadOut()) {
            limits(error.headers());
            if (isMessages) json(error.messagesStatus(), error.messagesBody(id));
            else json(error.chatStatus(), error.chatBody());
        } else if (streaming != null) {
            try {
                streaming.fail(error, id);
            } catch (IOException _) {
                throw new ClientGoneException();
            }
        }
    }

    /// The JDK's server forgets a connection only when the end of its response was written, or
    /// tried in vain; of one that is just closed it keeps 5 kB and counts it for ever (JDK 25,
    /// `ExchangeImpl.close`). Only a chunked response ends whether its client is there or not.
    private void finish() {
        try {
            if (!isHeadOut()) {
                set("connection", "close");
                http.sendResponseHeaders(499, 0);
            }
            http.getResponseBody().close();
        } catch (IOException _) {
            // There is nobody to tell.
        }
        http.close();
    }

    /// {@return whether a stream of events is on its way to the client}
    boolean isStreaming() {
        return streaming != null;
    }

    /// Ends the exchange and tells whoever watches.
    ///
    /// @param isGone whether the client left
    void end(boolean isGone, Observers observers) {
        if (isGone) log.failed("client left");
        body.release();
        int told = isGone ? 499 : status;
        // First: who sees it told of as ended shall not find it running.
        finish();
        observers.ended(log.finished(told));
        if (known.trace.isOn()) log.end(known.trace, told, isGone, answer.isCut());
    }
}
