package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.SseEvent;
import ccproxy.wire.SseReader;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
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
    private static final int GZIP_HEADER_BYTES_MAX = 4096;

    private static final int DRAINED_BYTES_MAX = 64 << 10;

    private static final Duration DRAIN_WAIT = Duration.ofMillis(50);

    private final Sending sending;
    private final Limits limits;
    private final StatusCounts responses;
    private final WholeBody whole = new WholeBody();
    private ResponseHead response;
    private InputStream in;
    private BufferedInputStream zipped;
    private SseReader events;
    private long firstDeadline;
    private boolean isStarted;
    private boolean hasAnswered;
    private boolean isEnded;
    private volatile boolean isClosed;

    /// How long to wait.
    ///
    /// @param firstEvent until something of the answer came
    /// @param idle from then on
    record Limits(Duration firstEvent, Duration idle) {}

    /// @param sending the request
    /// @param responses counts how it was answered
    UpstreamStream(Sending sending, Limits limits, StatusCounts responses) {
        this.sending = sending;
        this.limits = limits;
        this.responses = responses;
    }

    @Override
    public Next next(Duration wait) throws InterruptedException {
        if (isEnded) {
            drain();
            return new Next.End();
        }
        // A platform thread's read does not end by it.
        if (Thread.interrupted()) throw new InterruptedException();
        long now = System.nanoTime();
        if (!isStarted) firstDeadline = now + limits.firstEvent.toNanos();
        isStarted = true;
        long until = Math.min(now + wait.toNanos(), deadline());
        try {
            if (response == null) {
                response = sending.await(until);
                responses.add(response.status());
            }
            sending.readUntil(until);
            if (in == null) open(sending.body());
            return events == null ? nextWhole() : nextEvent();
        } catch (SocketTimeoutException _) {
            return quiet();
        } catch (IOException e) {
            if (!Thread.interrupted()) throw failed(e);
            close();
            throw new InterruptedException();
        }
    }

    /// Any byte is a sign of life, but only an event ends the longer wait for the first.
    private long deadline() {
        if (response == null || !sending.body().hasRead()) return firstDeadline;
        long idle = sending.body().lastReadNanos() + limits.idle.toNanos();
        return hasAnswered ? idle : Math.max(firstDeadline, idle);
    }

    private void open(ResponseBody body) throws IOException {
        boolean isStream =
                response.status() == 200 && header("content-type").startsWith("text/event-stream");
        switch (header("content-encoding")) {
            case "", "identity" -> in = body;
            // A whole answer is unzipped when it is whole.
            case "gzip", "x-gzip" -> in = isStream ? unzipped(body) : body;
            default -> {
                close();
                String other = header("content-encoding");
                throw WholeBody.foreign("expected no content-encoding but gzip, found " + other);
            }
        }
        if (isStream) events = new SseReader(in);
        else whole.expect(response.bodyLength());
    }

    private InputStream unzipped(ResponseBody body) throws IOException {
        if (zipped == null) zipped = new BufferedInputStream(body);
        zipped.mark(GZIP_HEADER_BYTES_MAX);
        try {
            return new FilterInputStream(new GZIPInputStream(zipped)) {
                // What the decoder could still give is not known without reading.
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
        while (whole.read(in)) hasAnswered = true;
        isEnded = true;
        byte[] body = whole.bytes(header("content-encoding").endsWith("gzip"));
        int status = response.status();
        if (status >= 400) throw ApiException.upstream(status, body).headers(headers());
        if (status != 200) throw WholeBody.foreign("expected status 200, found " + status);
        return new Next.Event(WholeBody.event(header("content-type"), body));
    }

    /// The last bytes of the body are read so that the connection can serve again; they are there
    /// or they are not worth a wait. The client has its last event by now.
    private void drain() {
        if (events == null || isClosed) return;
        sending.readUntil(System.nanoTime() + DRAIN_WAIT.toNanos());
        try {
            if (in.skip(DRAINED_BYTES_MAX) == DRAINED_BYTES_MAX) close();
        } catch (IOException _) {
            close();
        }
    }

    private Next quiet() {
        if (System.nanoTime() < deadline()) return new Next.Quiet();
        isEnded = true;
        close();
        if (response == null) responses.addNone();
        Duration limit = hasAnswered ? limits.idle : limits.firstEvent;
        throw new ApiException(
                ErrorKind.TIMEOUT, "the upstream was silent for " + limit.toMillis() + " ms");
    }

    private ApiException failed(IOException e) {
        boolean isStopped = isClosed;
        isEnded = true;
        close();
        if (isStopped) return new ApiException(ErrorKind.INCOMPLETE, "the answer was stopped");
        if (response == null) responses.addNone();
        if (e instanceof Sending.ConnectTimeoutException) {
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
        String what = sending.isConnected() ? "did not answer" : "cannot be reached";
        return new ApiException(
                ErrorKind.UNREACHABLE, "the upstream " + what + ": " + Sending.reason(e));
    }

    private String header(String name) {
        return response.header(name).toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean isReady() {
        if (events == null || isEnded) return false;
        sending.readUntil(System.nanoTime());
        try {
            return events.isReady();
        } catch (SocketTimeoutException _) {
            return false;
        } catch (IOException _) {
            return true; // next() says what happened.
        }
    }

    @Override
    public Map<String, List<String>> headers() {
        var shown = new TreeMap<String, List<String>>();
        if (response == null) return shown;
        response.headers()
                .forEach((name, values) -> {
                    if (isShown(name)) shown.put(name, values);
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
        isClosed = true;
        sending.cancel();
    }
}
