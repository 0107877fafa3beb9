package ccproxy.http;

import ccproxy.claude.Backends;
import ccproxy.claude.ClientHeaders;
import ccproxy.convert.ModelsToChat;
import ccproxy.convert.Warnings;
import java.util.Set;

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
                        : credentials.chat(exchange, backends.chatVersion(), Set.of());
        var events = claude.models(backends.catalog().aliases().getOrDefault(id, id), headers);
        byte[] told = answers.fold(exchange, events).json();
        Asking.head(exchange, events, new Warnings(false));
        if (isMessages) exchange.json(200, told);
        else if (id.isEmpty())
            exchange.json(200, ModelsToChat.list(told, backends.catalog().aliases()));
        else exchange.json(200, ModelsToChat.one(told, id));
    }
}
