package ccproxy.wire;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The only failure a client gets to see. It knows how both APIs word it: an upstream's own error
/// keeps its status, type, message and, on the Messages face, every byte.
public final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final String X_SHOULD_RETRY = "x-should-retry";

    private final ErrorKind kind;
    private int status;
    private String param = "";
    private String code = "";
    private transient byte[] body = {};
    private transient ObjectNode told = Json.object();
    private final transient Map<String, List<String>> headers = new TreeMap<>();

    /// @param message safe to show: no class names, no bodies, no secrets
    public ApiException(ErrorKind kind, String message) {
        super(Objects.requireNonNull(message));
        this.kind = kind;
        this.status = kind.status;
    }

    /// {@return the error of an upstream that answered `status` with `body`}; a body that is not an
    /// error of this API (a proxy's HTML page, say) is not shown
    public static ApiException upstream(int status, byte[] body) {
        if (parsed(body) instanceof ObjectNode root && root.path("error").isObject()) {
            ApiException e = of(root, status);
            e.status = status;
            e.body = body;
            return e;
        }
        var e =
                new ApiException(
                        ErrorKind.of(status), "the upstream answered with status " + status);
        if (status >= 400) e.status = status;
        return e;
    }

    /// {@return the error of an upstream that answered `status`, as somebody in between tells it:
    /// `{"type":"error","error":{…}}`}; the request's id is ours
    public static ApiException told(int status, ObjectNode root) {
        ApiException e = of(root, status);
        e.status = status;
        e.told = root;
        return e;
    }

    /// {@return the error of an `error` event of a stream: `{"type":"error","error":{…}}`}
    public static ApiException event(JsonNode event) {
        ApiException e = of(event, 0);
        e.body = Json.bytes(event);
        return e;
    }

    /// {@return all there is to it, as JSON that [#recorded] takes}
    public ObjectNode record() {
        ObjectNode record = Json.object().put("kind", kind.name()).put("status", status);
        record.put("message", getMessage());
        if (!param.isEmpty()) record.put("param", param);
        if (!code.isEmpty()) record.put("code", code);
        if (!headers.isEmpty()) {
            ObjectNode all = record.putObject("headers");
            headers.forEach((name, values) -> values.forEach(all.putArray(name)::add));
        }
        if (body.length > 0) record.set("body", parsed(body));
        if (!told.isEmpty()) record.set("told", told);
        return record;
    }

    /// {@return the error that `record` describes}
    ///
    /// @throws IllegalArgumentException when it describes none
    public static ApiException recorded(JsonNode record) {
        var e =
                new ApiException(
                        ErrorKind.valueOf(record.path("kind").asString("")),
                        record.path("message").asString(""));
        e.status = record.path("status").asInt(e.status);
        e.param = record.path("param").asString("");
        e.code = record.path("code").asString("");
        for (var header : record.path("headers").properties()) {
            var values = new ArrayList<String>();
            header.getValue().forEach(value -> values.add(value.asString("")));
            e.headers.put(header.getKey(), values);
        }
        if (record.path("body").isObject()) e.body = Json.bytes(record.path("body"));
        e.told = Json.objectOrEmpty(record.path("told"));
        return e;
    }

    private static ApiException of(JsonNode root, int status) {
        JsonNode error = root.path("error");
        String code = error.path("details").path("error_code").asString("");
        ErrorKind kind = ErrorKind.of(error.path("type").asString(""), status);
        var e = new ApiException(kind, error.path("message").asString("no message"));
        e.code = code;
        return e;
    }

    private static JsonNode parsed(byte[] body) {
        try {
            return Json.tree(body, 0, body.length);
        } catch (IllegalArgumentException _) {
            return Json.array();
        }
    }

    /// {@return this, about the field at `path`}
    public ApiException at(String path) {
        param = path;
        return this;
    }

    /// {@return this, with a stable code of its own for Chat Completions clients}
    public ApiException code(String code) {
        this.code = code;
        return this;
    }

    /// {@return this, with a response header}
    public ApiException header(String name, String value) {
        headers.put(name.toLowerCase(Locale.ROOT), List.of(value));
        return this;
    }

    /// {@return this, with an upstream's response headers}
    public ApiException headers(Map<String, List<String>> more) {
        more.forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values));
        return this;
    }

    /// {@return this, which the SDKs must not send again}
    public ApiException notRetried() {
        return header(X_SHOULD_RETRY, "false");
    }

    /// {@return the row of the table}
    public ErrorKind kind() {
        return kind;
    }

    /// {@return response headers, by lower-case name}
    public Map<String, List<String>> headers() {
        var all = new TreeMap<>(headers);
        if (isSpendLimit()) all.put(X_SHOULD_RETRY, List.of("false"));
        return all;
    }

    /// {@return the HTTP status on the Messages face}
    public int messagesStatus() {
        return status;
    }

    /// {@return the HTTP status on the Chat Completions face}
    public int chatStatus() {
        return status == kind.status ? kind.chatStatus : status;
    }

    /// {@return `{"type":"error","error":{…}}`, an upstream's own bytes when there are any}
    public byte[] messagesBody(String requestId) {
        if (body.length > 0) return body;
        if (!told.isEmpty()) return Json.bytes(told.deepCopy().put("request_id", requestId));
        ObjectNode root = Json.object().put("type", "error");
        root.putObject("error").put("type", kind.messagesType).put("message", getMessage());
        return Json.bytes(root.put("request_id", requestId));
    }

    /// {@return `{"error":{"message","type","param","code"}}`}
    public byte[] chatBody() {
        ObjectNode root = Json.object();
        ObjectNode error = root.putObject("error").put("message", getMessage());
        error.put("type", isSpendLimit() ? "insufficient_quota" : kind.chatType);
        putOrNull(error, "param", param);
        putOrNull(error, "code", chatCode());
        return Json.bytes(root);
    }

    private String chatCode() {
        if (isSpendLimit()) return "insufficient_quota";
        if (kind == ErrorKind.INVALID_REQUEST && getMessage().contains("prompt is too long")) {
            return "context_length_exceeded";
        }
        return code.isEmpty() ? kind.chatCode : code;
    }

    /// A 429 that no wait within reason ends (`docs/en/api/errors`, `details.error_code`).
    private boolean isSpendLimit() {
        return kind == ErrorKind.RATE_LIMIT && code.endsWith("spend_limit_reached");
    }

    private static void putOrNull(ObjectNode node, String name, String value) {
        if (value.isEmpty()) node.putNull(name);
        else node.put(name, value);
    }
}
