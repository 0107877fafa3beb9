package ccproxy.http;

import ccproxy.claude.Backends;
import ccproxy.claude.ClientHeaders;
import ccproxy.convert.ModelsToChat;
import ccproxy.convert.Warnings;
import ccproxy.wire.ModelList;
import java.util.LinkedHashMap;
import java.util.Map;
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
        var claude = asking.claude(exchange);
        exchange.set("x-ccproxy-backend", asking.backend(exchange.route()));
        String id = exchange.route().id();
        boolean isMessages = exchange.isMessages();
        ClientHeaders headers =
                isMessages
                        ? credentials.messages(exchange)
                        : credentials.chat(exchange, backends.chatVersion(), Set.of());
        ClientKey key = exchange.key();
        String model = backends.catalog().aliases().getOrDefault(id, id);
        if (!id.isEmpty()) asking.permit(key, model);
        var events = claude.models(model, headers);
        byte[] told = answers.fold(exchange, events).json();
        // A key that may ask some models only does not see the others.
        if (id.isEmpty() && !key.models().isEmpty())
            told = ModelList.only(told, listed -> asking.mayUse(key, listed));
        Asking.head(exchange, events, new Warnings(false));
        if (isMessages) exchange.json(200, told);
        else if (id.isEmpty()) exchange.json(200, ModelsToChat.list(told, aliases(key)));
        else exchange.json(200, ModelsToChat.one(told, id));
    }

    private Map<String, String> aliases(ClientKey key) {
        var aliases = new LinkedHashMap<>(backends.catalog().aliases());
        aliases.values().removeIf(model -> !asking.mayUse(key, model));
        return aliases;
    }
}
