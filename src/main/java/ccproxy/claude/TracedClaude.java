package ccproxy.claude;

import ccproxy.observe.Trace;
import ccproxy.wire.ApiException;
import ccproxy.wire.Json;
import ccproxy.wire.TraceLine;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A backend whose questions and answers are written to the trace of the request, as they are: with
/// what a session remembers, before a face has converted anything. Only in place while requests are
/// traced.
final class TracedClaude implements Claude {
    private final Claude inner;
    private final String name;
    private final ModelCatalog catalog;

    /// @param name of the backend
    TracedClaude(Claude inner, String name, ModelCatalog catalog) {
        this.inner = inner;
        this.name = name;
        this.catalog = catalog;
    }

    @Override
    public EventStream ask(Turn turn) {
        return traced(asked("ask", turn), () -> inner.ask(turn));
    }

    @Override
    public EventStream countTokens(Turn turn) {
        return traced(asked("count_tokens", turn), () -> inner.countTokens(turn));
    }

    @Override
    public EventStream models(String id, ClientHeaders headers) {
        return traced(asked(id, headers), () -> inner.models(id, headers));
    }

    /// {@return a question as it stands in a trace}
    static ObjectNode asked(String call, Turn turn) {
        ObjectNode asked = Json.object().put("call", call);
        asked.put("session", turn.sessionId()).put("converted", turn.isConverted());
        return headers(asked, turn.headers()).set("body", turn.request().raw());
    }

    /// {@return the question for models as it stands in a trace}
    static ObjectNode asked(String id, ClientHeaders headers) {
        return headers(Json.object().put("call", "models").put("id", id), headers);
    }

    /// Credentials are none of a trace's.
    private static ObjectNode headers(ObjectNode asked, ClientHeaders headers) {
        asked.put("query", headers.query());
        ObjectNode forwarded = asked.putObject("headers");
        headers.forwarded()
                .forEach((name, values) -> values.forEach(forwarded.putArray(name)::add));
        return asked;
    }

    private EventStream traced(ObjectNode asked, Supplier<EventStream> ask) {
        Trace trace = Trace.current();
        if (!trace.isOn()) return ask.get();
        asked.put("query", trace.masked(asked.path("query").asString("")));
        asked.put("backend", name).put("remembered", trace.remembered());
        JsonNode told = catalog.told(asked.path("body").path("model").asString(""));
        if (!told.isEmpty()) asked.set("model_told", told);
        trace.asked(Json.bytes(asked));
        try {
            return new Stream(ask.get(), trace);
        } catch (ApiException e) {
            trace.upstream(error(e));
            throw e;
        }
    }

    private static String error(ApiException e) {
        return "\"error\":" + Json.text(e.record());
    }

    /// An answer, written line by line: its headers before its first event, its end or its error
    /// last; or that it was closed before.
    private static final class Stream implements EventStream {
        private final EventStream inner;
        private final Trace trace;
        private boolean hasHeaders;
        private volatile boolean isOver;

        Stream(EventStream inner, Trace trace) {
            this.inner = inner;
            this.trace = trace;
        }

        @Override
        public Next next(Duration wait) throws InterruptedException {
            try {
                Next next = inner.next(wait);
                switch (next) {
                    case Next.Event(var event) -> {
                        writeHeaders();
                        trace.upstream(TraceLine.event(event));
                    }
                    case Next.End() -> over("\"end\":true");
                    // A ping may send them on before there is an event.
                    case Next.Quiet() -> writeHeaders();
                    case Next.Queued() -> {}
                }
                return next;
            } catch (ApiException e) {
                over(error(e));
                throw e;
            }
        }

        private void writeHeaders() {
            if (hasHeaders || inner.headers().isEmpty()) return;
            hasHeaders = true;
            ObjectNode all = Json.object();
            inner.headers().forEach((name, values) -> values.forEach(all.putArray(name)::add));
            trace.upstream("\"headers\":" + Json.text(all));
        }

        private void over(String members) {
            if (!isOver) trace.upstream(members);
            isOver = true;
        }

        @Override
        public boolean isReady() {
            return inner.isReady();
        }

        @Override
        public Map<String, List<String>> headers() {
            return inner.headers();
        }

        @Override
        public void close() {
            inner.close();
            over("\"closed\":true");
        }
    }

    @Override
    public Map<String, String> notes(Turn turn) {
        return inner.notes(turn);
    }

    @Override
    public List<SessionInfo> sessions(ClientHeaders headers) {
        return inner.sessions(headers);
    }

    @Override
    public boolean closeSession(String id, ClientHeaders headers) {
        return inner.closeSession(id, headers);
    }

    @Override
    public List<SessionInfo> interruptSession(String id, ClientHeaders headers) {
        return inner.interruptSession(id, headers);
    }

    @Override
    public void close() {
        inner.close();
    }
}
