package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.SseEvent;
import ccproxy.wire.SseReader;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.zip.GZIPInputStream;

/// The answer of an upstream: an event stream as it comes, or a whole JSON body as one event. An
/// upstream's error is thrown as it was. Every wait ends: at the first-event limit until something
/// of the answer came, then at the idle limit.
///
/// ```
/// sending ──headers──▶ events ──message_stop──▶ ended
///    │                └─▶ whole ──end of body──▶ ended
///    └─ connection closed before a byte of an answer: sent once more
/// ```
final class UpstreamStream implements EventStream {
    /// A whole answer or a list; Anthropic's own limit for requests is 32 MB.
    private static final int BODY_BYTES_MAX = 64 << 20;

    private static final int GZIP_HEADER_BYTES_MAX = 4096;

    private static final int DRAINED_BYTES_MAX = 64 << 10;

    private final Supplier<CompletableFuture<HttpResponse<BodyStream>>> send;
    private final Duration firstEventTimeout;
    private final Duration idleTimeout;
    private final ByteArrayOutputStream whole = new ByteArrayOutputStream();
    private CompletableFuture<HttpResponse<BodyStream>> sending;
    private HttpResponse<BodyStream> response;
    private InputStream in;
    private BufferedInputStream zipped;
    private SseReader events;
    private long deadline;
    private boolean hasAnswered;
    private boolean isSentAgain;
    private boolean isEnded;
    private volatile boolean isClosed;

    /// @param send sends the request
    UpstreamStream(
            Supplier<CompletableFuture<HttpResponse<BodyStream>>> send,
            Duration firstEventTimeout,
            Duration idleTimeout) {
        this.send = send;
        this.firstEventTimeout = firstEventTimeout;
        this.idleTimeout = idleTimeout;
    }

    @Override
    public Next next(Duration wait) throws InterruptedException {
        if (isEnded) {
            drain();
            return new Next.End();
        }
        long now = System.nanoTime();
        if (sending == null) start(now);
        long until = Math.min(now + wait.toNanos(), deadline);
        try {
            if (response == null && !hasHead(until)) return quiet();
            if (in == null && !hasBody(until)) return quiet();
            response.body().readTimeout(Math.max(1, until - System.nanoTime()));
            return events == null ? nextWhole() : nextEvent();
        } catch (SocketTimeoutException _) {
            return quiet();
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private synchronized void start(long now) {
        deadline = now + firstEventTimeout.toNanos();
        sending = send.get();
        if (isClosed) sending.cancel(true);
    }

    /// Whether the upstream's status and headers are there.
    private boolean hasHead(long until) throws InterruptedException, IOException {
        try {
            response = sending.get(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException _) {
            return false;
        } catch (CancellationException _) {
            throw new IOException("closed");
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof IOException cause))
                throw new IllegalStateException(e.getCause());
            if (!isWorthSendingAgain(cause)) throw cause;
            isSentAgain = true;
            sending = send.get();
            return hasHead(until);
        }
    }

    /// An upstream may close a kept connection just as we write to it; then nothing was read of an
    /// answer and the request goes out once more, on a new connection.
    private boolean isWorthSendingAgain(IOException e) {
        if (isSentAgain || isClosed || e instanceof HttpConnectTimeoutException) return false;
        String message = String.valueOf(e.getMessage());
        return message.contains("received no bytes") || message.contains("EOF reached");
    }

    /// Whether the body can be read: compressed ones begin with a header of their own.
    private boolean hasBody(long until) throws IOException {
        BodyStream body = response.body();
        body.readTimeout(Math.max(1, until - System.nanoTime()));
        if (header("content-encoding").equalsIgnoreCase("gzip")) {
            in = unzipped(body);
        } else {
            in = body;
        }
        if (response.statusCode() == 200
                && header("content-type").startsWith("text/event-stream")) {
            events = new SseReader(in);
        }
        return true;
    }

    private InputStream unzipped(BodyStream body) throws IOException {
        if (zipped == null) zipped = new BufferedInputStream(body);
        zipped.mark(GZIP_HEADER_BYTES_MAX);
        try {
            return new FilterInputStream(new GZIPInputStream(zipped)) {
                /// What the decoder could still give is not known without reading.
                @Override
                public int available() {
                    return 0;
                }
            };
        } catch (SocketTimeoutException e) {
            zipped.reset();
            throw e;
        }
    }

    private Next nextEvent() throws IOException {
        SseEvent event = events.next();
        if (event == null) throw new IOException("the stream ended without message_stop");
        hasAnswered = true;
        isEnded = event.name().equals("message_stop") || event.name().equals("error");
        return new Next.Event(event);
    }

    private Next nextWhole() throws IOException {
        byte[] buffer = new byte[8192];
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            hasAnswered = true;
            whole.write(buffer, 0, count);
            if (whole.size() > BODY_BYTES_MAX) throw new IOException("the answer is too large");
        }
        isEnded = true;
        int status = response.statusCode();
        if (status != 200)
            throw ApiException.upstream(status, whole.toByteArray()).headers(headers());
        if (!header("content-type").startsWith("application/json")) {
            String found = header("content-type").isEmpty() ? "nothing" : header("content-type");
            throw new ApiException(
                    ErrorKind.UNREACHABLE,
                    "the upstream does not speak the API: expected application/json, found "
                            + found);
        }
        return new Next.Event(SseEvent.whole(whole.toByteArray()));
    }

    /// The last bytes of the body are read so that the connection can serve again; they are there
    /// or they are not worth a wait. The client has its last event by now.
    private void drain() {
        if (events == null || isClosed) return;
        response.body().readTimeout(TimeUnit.MILLISECONDS.toNanos(50));
        try {
            if (in.skip(DRAINED_BYTES_MAX) == DRAINED_BYTES_MAX) close();
        } catch (IOException _) {
            close();
        }
    }

    private Next quiet() {
        if (hasAnswered) deadline = response.body().lastReadNanos() + idleTimeout.toNanos();
        if (System.nanoTime() < deadline) return new Next.Quiet();
        close();
        Duration limit = hasAnswered ? idleTimeout : firstEventTimeout;
        throw new ApiException(
                ErrorKind.TIMEOUT, "the upstream was silent for " + limit.toMillis() + " ms");
    }

    private ApiException failed(IOException e) {
        isEnded = true;
        close();
        if (e instanceof HttpConnectTimeoutException) {
            return new ApiException(ErrorKind.TIMEOUT, "no connection to the upstream in time");
        }
        if (events != null) {
            return new ApiException(
                    ErrorKind.INCOMPLETE, "the upstream's stream broke off before its end");
        }
        if (response != null) {
            return new ApiException(
                    ErrorKind.UNREACHABLE, "the upstream's answer broke off before its end");
        }
        return new ApiException(ErrorKind.UNREACHABLE, "the upstream cannot be reached");
    }

    private String header(String name) {
        return response.headers().firstValue(name).orElse("").toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean isReady() {
        try {
            return events != null && !isEnded && events.isReady();
        } catch (IOException _) {
            return true; // next() says what happened.
        }
    }

    @Override
    public Map<String, List<String>> headers() {
        var shown = new TreeMap<String, List<String>>();
        if (response == null) return shown;
        response.headers()
                .map()
                .forEach((name, values) -> {
                    String lower = name.toLowerCase(Locale.ROOT);
                    if (isShown(lower)) shown.put(lower, values);
                });
        return shown;
    }

    private static boolean isShown(String name) {
        return switch (name) {
            case "request-id", "retry-after", "retry-after-ms", "x-should-retry" -> true;
            default -> name.startsWith("anthropic-");
        };
    }

    @Override
    public void close() {
        CompletableFuture<HttpResponse<BodyStream>> running;
        synchronized (this) {
            isClosed = true;
            running = sending;
        }
        if (running == null) return;
        if (!running.cancel(true)) {
            running.thenAccept(answer -> answer.body().close());
        }
    }
}
