package ccproxy.http;

import ccproxy.claude.Backends;
import ccproxy.claude.Claude;
import ccproxy.claude.ClientHeaders;
import ccproxy.claude.SessionInfo;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.JsonWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;

/// The sessions of all backends: list, end, interrupt.
final class SessionsHandler {
    private final Backends backends;
    private final Credentials credentials;

    SessionsHandler(Backends backends, Credentials credentials) {
        this.backends = backends;
        this.credentials = credentials;
    }

    void list(Exchange exchange) {
        ClientHeaders headers = credentials.messages(exchange);
        var data = new ArrayList<Map<String, Object>>();
        backends.byName()
                .forEach((name, claude) -> {
                    for (SessionInfo session : claude.sessions(headers))
                        data.add(shown(name, session));
                });
        exchange.json(200, JsonWriter.bytes(Map.of("data", data)));
    }

    private static Map<String, Object> shown(String backend, SessionInfo session) {
        var shown = new LinkedHashMap<String, Object>();
        shown.put("id", session.id());
        shown.put("backend", backend);
        if (!session.key().isEmpty()) shown.put("key", session.key());
        shown.put("model", session.model());
        shown.put("state", session.isBusy() ? "busy" : "idle");
        shown.put("messages", session.messages());
        shown.put("bytes", session.bytes());
        shown.put("created_at", session.createdAt().toString());
        shown.put("used_at", session.usedAt().toString());
        return shown;
    }

    void close(Exchange exchange) {
        String id = exchange.route().id();
        boolean isClosed = false;
        for (Claude claude : backends.byName().values()) {
            isClosed |= claude.closeSession(id, credentials.messages(exchange));
        }
        if (!isClosed) throw unknown(id);
        exchange.json(200, JsonWriter.bytes(answer(id, "deleted", true)));
    }

    void interrupt(Exchange exchange) {
        String id = exchange.route().id();
        var found = new ArrayList<SessionInfo>();
        for (Claude claude : backends.byName().values()) {
            found.addAll(claude.interruptSession(id, credentials.messages(exchange)));
        }
        if (found.isEmpty()) throw unknown(id);
        boolean wasBusy = found.stream().anyMatch(SessionInfo::isBusy);
        exchange.json(200, JsonWriter.bytes(answer(id, "interrupted", wasBusy)));
    }

    private static Map<String, Object> answer(String id, String what, boolean value) {
        var answer = new LinkedHashMap<String, Object>();
        answer.put("id", id);
        answer.put(what, value);
        return answer;
    }

    private static ApiException unknown(String id) {
        return new ApiException(ErrorKind.UNKNOWN_PATH, "session: '" + id + "' is not known")
                .code("session_not_found");
    }
}
