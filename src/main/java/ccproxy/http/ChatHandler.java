package ccproxy.http;

import ccproxy.claude.Backends;
import ccproxy.claude.EventStream;
import ccproxy.claude.ModelCatalog;
import ccproxy.claude.Turn;
import ccproxy.convert.ChatRequest;
import ccproxy.convert.ChatToMessages;
import ccproxy.convert.ChunkEncoder;
import ccproxy.convert.MessagesToChat;
import ccproxy.convert.Warnings;
import ccproxy.observe.Ids;
import ccproxy.wire.ApiException;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.MessageFold;
import ccproxy.wire.SseEvent;
import ccproxy.wire.SseWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.TreeSet;

/// The Chat Completions API, converted to Messages and back.
final class ChatHandler {
    private static final byte[] DONE = "[DONE]".getBytes(StandardCharsets.US_ASCII);

    private final ServerSettings settings;
    private final Backends backends;
    private final Asking asking;
    private final Answers answers;
    private final Credentials credentials;
    private final Clock clock;

    ChatHandler(
            ServerSettings settings, Backends backends, Answers answers, Credentials credentials) {
        this.settings = settings;
        this.backends = backends;
        this.asking = new Asking(backends);
        this.answers = answers;
        this.credentials = credentials;
        this.clock = Clock.systemUTC();
    }

    void answer(Exchange exchange) throws IOException, InterruptedException {
        var claude = asking.claude(exchange);
        String session = Asking.session(exchange.route(), "");
        var warnings = new Warnings(settings.strict());
        ChatRequest request = ChatRequest.of(exchange.body(settings.limits().bodyBytesMax()));
        ModelCatalog.Resolved model = backends.catalog().resolveWithSuffix(request.model());
        asking.permit(exchange.key(), model.model());
        var converted =
                request.convert(options(request, model, session), display(model.model()), warnings);
        asking.announce(exchange, model.model(), session, request.isStream());

        var betas = new TreeSet<>(converted.betas());
        betas.addAll(model.betas());
        var headers = credentials.chat(exchange, backends.chatVersion(), betas);
        var turn = new Turn(converted.request(), session, headers, true);
        claude.notes(turn).forEach(warnings::note);
        EventStream events = claude.ask(turn);
        if (request.isStream()) {
            boolean hasTools = converted.request().has("tools");
            answers.stream(
                    exchange,
                    events,
                    new Face(converted.answers().chunks(), hasTools),
                    known -> head(exchange, known, warnings));
        } else {
            whole(exchange, events, converted.answers(), warnings);
        }
    }

    private void whole(
            Exchange exchange, EventStream events, MessagesToChat answers, Warnings warnings)
            throws InterruptedException {
        MessageFold answer = this.answers.fold(exchange, events);
        backends.thinking().keep(answer);
        byte[] completion = answers.completion(answer.message());
        head(exchange, events, warnings);
        exchange.json(200, completion);
    }

    private void head(Exchange exchange, EventStream events, Warnings warnings) {
        Asking.head(exchange, events, warnings);
        exchange.setAll(RateLimits.toChat(events.headers(), clock.instant()));
    }

    private ChatToMessages.Options options(
            ChatRequest request, ModelCatalog.Resolved model, String session) {
        boolean isContinuing = !session.isEmpty() && !request.hasAssistant();
        return new ChatToMessages.Options(
                backends.catalog().rules(model.model()),
                model.effort(),
                backends.chatVersion(),
                isContinuing,
                backends.thinking()::of);
    }

    private ChatToMessages.Display display(String model) {
        Instant now = clock.instant();
        String fingerprint =
                "fp_" + Integer.toHexString((settings.version() + "/" + model).hashCode());
        String id = Ids.next("chatcmpl-");
        return new ChatToMessages.Display(
                now.getEpochSecond(), id, fingerprint, settings.reasoning());
    }

    /// Events as chunks.
    private final class Face implements StreamFace {
        private final ChunkEncoder encoder;
        private final boolean hasTools;
        private final MessageFold fold = new MessageFold();
        private SseWriter out;

        /// @param hasTools whether the answer may call tools: then its thinking has to be kept
        Face(ChunkEncoder encoder, boolean hasTools) {
            this.encoder = encoder;
            this.hasTools = hasTools;
        }

        @Override
        public void begin(SseWriter out) {
            this.out = out;
        }

        @Override
        public boolean event(SseEvent event) throws IOException {
            MessageEvent read = MessageEvent.of(event);
            if (read instanceof MessageEvent.Failure(var error)) throw error;
            if (hasTools) fold.add(read);
            List<byte[]> chunks = encoder.encode(read);
            for (byte[] chunk : chunks) out.data(chunk);
            return !chunks.isEmpty();
        }

        @Override
        public void ping() throws IOException {
            out.comment();
        }

        @Override
        public void end() throws IOException {
            if (hasTools) backends.thinking().keep(fold);
            out.data(DONE);
        }

        @Override
        public void fail(ApiException error, String requestId) throws IOException {
            out.data(error.chatBody());
            out.flush();
        }
    }
}
