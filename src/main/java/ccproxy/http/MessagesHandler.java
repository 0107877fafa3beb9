package ccproxy.http;

import ccproxy.claude.Backends;
import ccproxy.claude.Claude;
import ccproxy.claude.ClientHeaders;
import ccproxy.claude.EventStream;
import ccproxy.claude.Turn;
import ccproxy.convert.Warnings;
import ccproxy.wire.ApiException;
import ccproxy.wire.ApiVersion;
import ccproxy.wire.MessageFold;
import ccproxy.wire.MessagesRequest;
import ccproxy.wire.ModelRules;
import ccproxy.wire.SseEvent;
import ccproxy.wire.SseWriter;
import java.io.IOException;
import java.util.function.BiFunction;
import java.util.function.Function;

/// The Messages API: what comes passes unread, but for what we rely on.
final class MessagesHandler {
    private final ServerSettings settings;
    private final Backends backends;
    private final Asking asking;
    private final Answers answers;
    private final Credentials credentials;

    MessagesHandler(
            ServerSettings settings, Backends backends, Answers answers, Credentials credentials) {
        this.settings = settings;
        this.backends = backends;
        this.asking = new Asking(backends);
        this.answers = answers;
        this.credentials = credentials;
    }

    void answer(Exchange exchange) throws IOException, InterruptedException {
        ask(exchange, MessagesRequest::answer, Claude::ask);
    }

    void count(Exchange exchange) throws IOException, InterruptedException {
        ask(exchange, MessagesRequest::count, Claude::countTokens);
    }

    private void ask(
            Exchange exchange,
            Function<byte[], MessagesRequest> read,
            BiFunction<Claude, Turn, EventStream> ask)
            throws IOException, InterruptedException {
        Claude claude = asking.claude(exchange);
        Asking.session(exchange.route(), "");
        var warnings = new Warnings(settings.strict());
        byte[] body = exchange.body(settings.limits().bodyBytesMax());
        Turn turn = turn(exchange, read.apply(body), warnings);
        claude.notes(turn).forEach(warnings::note);
        EventStream events = ask.apply(claude, turn);
        boolean isAnswer = exchange.route().endpoint() == Route.Endpoint.MESSAGES;
        if (isAnswer && turn.request().isStream()) {
            answers.stream(
                    exchange, events, new Face(), known -> Asking.head(exchange, known, warnings));
            return;
        }
        MessageFold answer = answers.fold(exchange, events);
        Asking.head(exchange, events, warnings);
        exchange.json(200, answer.json());
    }

    private Turn turn(Exchange exchange, MessagesRequest given, Warnings warnings) {
        ClientHeaders headers = credentials.messages(exchange);
        String session = Asking.session(exchange.route(), given.sessionId());
        MessagesRequest request = mapped(given, headers, warnings).withoutSessionId();
        asking.permit(exchange.key(), request.model());
        asking.announce(exchange, request.model(), session, given.isStream());
        return new Turn(request, session, headers, false);
    }

    /// The request for the model that the client's name stands for. Another model may refuse what
    /// the client had every right to send to the one it named.
    private MessagesRequest mapped(
            MessagesRequest request, ClientHeaders headers, Warnings warnings) {
        String model = backends.catalog().resolve(request.model());
        if (model.equals(request.model())) return request;
        MessagesRequest mapped = request.withModel(model);
        boolean refuses = backends.catalog().rules(model).sampling() == ModelRules.Sampling.NONE;
        if (!refuses || ApiVersion.isStrict(headers.version(""))) return mapped;
        for (String name : new String[] {"temperature", "top_p", "top_k"}) {
            if (!mapped.has(name)) continue;
            mapped = mapped.without(name);
            warnings.add(name, "dropped");
        }
        return mapped;
    }

    /// Events as they came.
    private static final class Face implements StreamFace {
        private SseWriter out;

        @Override
        public void begin(SseWriter out) {
            this.out = out;
        }

        @Override
        public boolean event(SseEvent event) throws IOException {
            out.event(event);
            return true;
        }

        @Override
        public void ping() throws IOException {
            out.ping();
        }

        @Override
        public void end() {
            // message_stop has gone out.
        }

        @Override
        public void fail(ApiException error, String requestId) throws IOException {
            out.event(SseEvent.of("error", error.messagesBody(requestId)));
            out.flush();
        }
    }
}
