package ccproxy.claude;

import ccproxy.observe.Secrets;
import ccproxy.observe.TraceFolder;
import ccproxy.wire.Json;
import ccproxy.wire.TracedAnswer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A trace as it was written, or as somebody changed it: what a client asked, what Claude answered,
/// what the client got. Read whole; immutable but for its [#recording()].
public final class RecordedTrace {
    /// A file is held in memory several times over.
    private static final long FILE_BYTES_MAX = 256L << 20;

    /// Of the client's own connection, which is not repeated.
    private static final Set<String> CONNECTION =
            Set.of(
                    "host",
                    "connection",
                    "keep-alive",
                    "content-length",
                    "transfer-encoding",
                    "accept-encoding",
                    "expect",
                    "upgrade");

    private final Path folder;
    private final ObjectNode request;
    private final ObjectNode end;
    private final byte[] body;
    private final Recording recording;
    private final TracedAnswer answer;

    private RecordedTrace(Path folder) throws IOException {
        this.folder = folder;
        request = object("request.json");
        if (request.isEmpty()) throw wrong("request.json", "expected a file, found none");
        checkHead();
        end = object("end.json");
        for (JsonNode file : end.path("cut")) {
            String name = file.asString("");
            if (name.equals("response.jsonl")) continue;
            throw wrong(name, "expected it whole, found it cut at trace.max_request_bytes");
        }
        body = bytes("request-body.json");
        List<JsonNode> got = lines("response.jsonl");
        double headMillis =
                got.isEmpty() ? Double.MAX_VALUE : got.getFirst().path("ms").asDouble(0);
        recording = recording(headMillis);
        String told = new String(bytes("upstream.jsonl"), StandardCharsets.UTF_8);
        var given = TracedAnswer.of(got);
        answer = told.contains("\"anthropic-ratelimit-") ? given : given.withoutLimits();
    }

    /// {@return the trace in a folder}
    ///
    /// @throws IllegalArgumentException names the file, what was expected and what was found
    public static RecordedTrace read(Path folder) {
        try {
            return new RecordedTrace(folder);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot be read: " + e, e);
        }
    }

    private void checkHead() {
        int version = request.path("trace").asInt(0);
        if (version != TraceFolder.VERSION)
            throw wrong(
                    "request.json",
                    "trace: expected " + TraceFolder.VERSION + ", found " + request.path("trace"));
        for (String name : List.of("request_id", "method", "path", "query")) {
            if (!request.path(name).isString())
                throw wrong("request.json", name + ": expected a string");
        }
        if (!request.path("path").asString().matches("/[!-~]*"))
            throw wrong("request.json", "path: expected a path");
        if (!request.path("settings").isObject())
            throw wrong("request.json", "settings: expected an object");
    }

    private Recording recording(double headMillis) throws IOException {
        try {
            ObjectNode asked = object("upstream-request.json");
            return new Recording(asked, lines("upstream.jsonl"), headMillis);
        } catch (IllegalArgumentException e) {
            if (String.valueOf(e.getMessage()).contains(".json")) throw e;
            throw wrong("upstream.jsonl", String.valueOf(e.getMessage()));
        }
    }

    private ObjectNode object(String file) throws IOException {
        byte[] bytes = bytes(file);
        if (bytes.length == 0) return Json.object();
        JsonNode tree = tree(file, bytes);
        if (tree instanceof ObjectNode object) return object;
        throw wrong(file, "expected a JSON object, found something else");
    }

    private List<JsonNode> lines(String file) throws IOException {
        var lines = new ArrayList<JsonNode>();
        int number = 0;
        for (String line : new String(bytes(file), StandardCharsets.UTF_8).split("\n", -1)) {
            number++;
            if (line.isBlank()) continue;
            String where = file + " line " + number;
            JsonNode tree = tree(where, line.getBytes(StandardCharsets.UTF_8));
            if (!tree.isObject()) throw wrong(where, "expected a JSON object");
            lines.add(tree);
        }
        return lines;
    }

    private static JsonNode tree(String where, byte[] bytes) {
        try {
            return Json.tree(bytes, 0, bytes.length);
        } catch (IllegalArgumentException e) {
            throw wrong(where, String.valueOf(e.getMessage()));
        }
    }

    private byte[] bytes(String name) throws IOException {
        Path file = folder.resolve(name);
        if (!Files.exists(file)) return new byte[0];
        if (!Files.isRegularFile(file)) throw wrong(name, "expected a file");
        if (Files.size(file) > FILE_BYTES_MAX)
            throw wrong(name, "expected at most " + FILE_BYTES_MAX + " bytes, found more");
        return Files.readAllBytes(file);
    }

    private static IllegalArgumentException wrong(String file, String what) {
        return new IllegalArgumentException(file + ": " + what);
    }

    /// {@return why it cannot be asked again, `""` when it can}
    public String obstacle() {
        JsonNode headers = request.path("headers");
        boolean hasBody =
                headers.has("transfer-encoding")
                        || headers.path("content-length").path(0).asInt(0) > 0;
        if (end.path("ended").asString("").equals("stopped")) return "the server was stopping";
        String error = end.path("error").asString("");
        if (Recording.isFromOutside(error)) return "another request had to do with it: " + error;
        if (error.startsWith("model: expected one that key '"))
            return "the client's key had to do with it: " + error;
        if (hasBody && body.length == 0) return "its body was refused unread: " + error;
        return "";
    }

    /// {@return the `x-request-id`}
    public String requestId() {
        return request.path("request_id").asString();
    }

    /// {@return the client's method}
    public String method() {
        return request.path("method").asString();
    }

    /// {@return path and query}
    public String target() {
        String query = request.path("query").asString();
        return request.path("path").asString() + (query.isEmpty() ? "" : "?" + query);
    }

    /// {@return the client's headers but for its credentials, and for those of its connection}
    public Map<String, String> headers() {
        var headers = new TreeMap<String, String>();
        for (var header : request.path("headers").properties()) {
            var values = new ArrayList<String>();
            header.getValue().forEach(value -> values.add(value.asString("")));
            boolean isLeft =
                    CONNECTION.contains(header.getKey()) || values.equals(List.of(Secrets.MASK));
            if (!isLeft) headers.put(header.getKey(), String.join(", ", values));
        }
        headers.put("x-request-id", requestId());
        return headers;
    }

    /// {@return the client's body, empty when there was none}
    public byte[] body() {
        return body;
    }

    /// {@return the settings that were in force, as a settings file has them}
    public String settings() {
        return Json.text(request.path("settings"));
    }

    /// {@return whether the client stayed to the end, and all it got is here}
    public boolean isWhole() {
        return end.path("cut").isEmpty()
                && !end.isEmpty()
                && !end.path("ended").asString("").equals("client left");
    }

    /// {@return the upstream's side}
    public Recording recording() {
        return recording;
    }

    /// {@return what the client got}
    public TracedAnswer answer() {
        return answer;
    }
}
