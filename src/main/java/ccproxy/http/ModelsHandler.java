package ccproxy.http;

import ccproxy.claude.Backends;
import ccproxy.claude.ClientHeaders;
import ccproxy.convert.ModelsToChat;
import ccproxy.convert.Warnings;

/// The models, in Anthropic's shape for who sends `anthropic-version`, else in OpenAI's.
final class ModelsHandler {
    private final Backends backends;
    private final Asking asking;
    private final Answers answers;
    private final Credentials credentials;

    ModelsHandler(Backends backends, Answers answers, Credentials credentials) {
        this.backends = backends;
        this.asking = new Asking(backends);
        this.answers = answers;
        this.credentials = credentials;
    }

    void answer(Exchange exchange) throws InterruptedException {
        var claude = asking.claude(exchange.route());
        exchange.set("x-ccproxy-backend", asking.backend(exchange.route()));
        String id = exchange.route().id();
        boolean isMessages = exchange.isMessages();
        ClientHeaders headers =
                isMessages
                        ? credentials.messages(exchange)
                        : credentials.chat(exchange, backends.chatVersion(), java.util.Set.of());
        byte[][] whole = {{}};
        var events = claude.models(backends.catalog().aliases().getOrDefault(id, id), headers);
        answers.fold(exchange, events, event -> whole[0] = event.raw());
        Asking.head(exchange, events, new Warnings(false));
        if (isMessages) exchange.json(200, whole[0]);
        else if (id.isEmpty())
            exchange.json(200, ModelsToChat.list(whole[0], backends.catalog().aliases()));
        else exchange.json(200, ModelsToChat.one(whole[0], id));
    }
}
