package ccproxy.observe;

import ccproxy.wire.JsonWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/// A trace as files, version [TraceFolder#VERSION]:
///
/// ```
/// request.json           version, time, request_id; the client's method, path, query, headers;
///                        settings: those that shape the conversion
/// request-body.json      its body
/// upstream-request.json  what Claude was asked: call, backend, session, headers, body
/// upstream.jsonl         what came back, a line an event: {"ms":12.345,"event":…,"data":…}
/// response.jsonl         what the client got: status and headers, then a line an event
/// end.json               how it ended
/// ```
///
/// `ms` counts from the start. Secrets are masked ([TraceMask]). What would go beyond the bytes of
/// a request is left out: a stream then ends with `{"cut":true}`, and `end.json` names what is not
/// whole. After a failure to write nothing more is written.
final class FolderTrace implements Trace {
    static final ScopedValue<Trace> CURRENT = ScopedValue.newInstance();

    /// Kept free within the limit for the lines that say what was left out, and for `end.json`.
    static final int RESERVED_BYTES = 4 << 10;

    private static final int ERROR_CHARACTERS_MAX = 500;

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);

    private final TraceFolder owner;
    private final String requestId;
    private final Instant start = Instant.now();
    private final long startNanos = System.nanoTime();
    private final Set<String> cut = new TreeSet<>();
    private TraceMask mask;
    private Path folder = Path.of("");
    private boolean isWriting;
    private boolean isFailed;
    private int remembered;
    private long bytes;

    FolderTrace(TraceFolder owner, String requestId) {
        this.owner = owner;
        this.requestId = requestId;
        this.mask = owner.mask();
    }

    @Override
    public void run(Runnable task) {
        ScopedValue.where(CURRENT, this).run(task);
    }

    @Override
    public boolean isOn() {
        return true;
    }

    @Override
    public synchronized void begin(Request request) {
        mask = mask.of(request.headers());
        var head = new LinkedHashMap<String, Object>();
        head.put("trace", TraceFolder.VERSION);
        head.put("time", start.toString());
        head.put("request_id", requestId);
        head.put("method", request.method());
        head.put("path", mask.json(request.path()));
        head.put("query", mask.query(request.query()));
        head.put("headers", mask.headers(request.headers()));
        head.putAll(owner.about());
        try {
            folder = owner.begin(TIME.format(start) + "-" + requestId);
            isWriting = true;
        } catch (IOException | RuntimeException e) {
            owner.failed(e);
        }
        // Masked by now; a second time would mask the mask's own.
        file("request.json", JsonWriter.bytes(head));
    }

    @Override
    public synchronized void requestBody(byte[] body) {
        file("request-body.json", masked(body));
    }

    @Override
    public synchronized void remembered(int messages) {
        remembered = messages;
    }

    @Override
    public synchronized int remembered() {
        return remembered;
    }

    @Override
    public synchronized String masked(String query) {
        return mask.query(query);
    }

    @Override
    public synchronized void asked(byte[] json) {
        file("upstream-request.json", masked(json));
    }

    @Override
    public synchronized void upstream(String members) {
        line("upstream.jsonl", members);
    }

    @Override
    public synchronized void response(String members) {
        line("response.jsonl", members);
    }

    @Override
    public synchronized void response(int status, Map<String, List<String>> headers) {
        var head = new LinkedHashMap<String, Object>();
        head.put("status", status);
        head.put("headers", mask.headers(headers));
        String json = new String(JsonWriter.bytes(head), StandardCharsets.UTF_8);
        line("response.jsonl", json.substring(1, json.length() - 1));
    }

    @Override
    public synchronized void end(int status, String how, String error) {
        if (folder.toString().isEmpty()) return;
        String shown = error.substring(0, Math.min(error.length(), ERROR_CHARACTERS_MAX));
        var end = new LinkedHashMap<String, Object>();
        end.put("status", status);
        end.put("ended", how);
        if (!shown.isEmpty()) end.put("error", mask.json(Secrets.mask(shown)));
        end.put("ms", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos));
        end.put("cut", cut);
        write("end.json", JsonWriter.bytes(end));
        isWriting = false;
        owner.end(folder, bytes, isFailed);
    }

    /// Bytes that are text where it matters, and that come out as they went in.
    private byte[] masked(byte[] body) {
        String text = new String(body, StandardCharsets.ISO_8859_1);
        return mask.json(text).getBytes(StandardCharsets.ISO_8859_1);
    }

    private void file(String name, byte[] content) {
        if (!isWriting) return;
        if (bytes + content.length > owner.requestBytesMax() - RESERVED_BYTES) cut.add(name);
        else write(name, content);
    }

    private void line(String name, String members) {
        if (!isWriting || cut.contains(name)) return;
        long micros = TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - startNanos);
        String ms = String.format(Locale.ROOT, "%d.%03d", micros / 1000, micros % 1000);
        String line = "{\"ms\":" + ms + "," + mask.json(members) + "}\n";
        byte[] content = line.getBytes(StandardCharsets.UTF_8);
        if (bytes + content.length > owner.requestBytesMax() - RESERVED_BYTES) {
            cut.add(name);
            content = ("{\"ms\":" + ms + ",\"cut\":true}\n").getBytes(StandardCharsets.UTF_8);
        }
        write(name, content);
    }

    private void write(String name, byte[] content) {
        if (isFailed) return;
        try {
            if (!owner.mayWrite(content.length)) {
                cut.add(name);
                return;
            }
            bytes += content.length;
            append(name, content);
        } catch (IOException | RuntimeException e) {
            isFailed = true;
            owner.failed(e);
        }
    }

    /// Opened for each line: thousands of streams must not take thousands of the files that a
    /// process may have open.
    private void append(String name, byte[] content) throws IOException {
        try (OutputStream out = Channels.newOutputStream(UserFiles.append(folder.resolve(name)))) {
            out.write(content);
        }
    }
}
