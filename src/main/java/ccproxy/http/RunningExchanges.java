package ccproxy.http;

import ccproxy.claude.Backends;
import ccproxy.wire.ApiException;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/// The exchanges that have begun and not ended, each with the handlers that it began with. For any
/// number of threads.
final class RunningExchanges {
    private final Map<Exchange, Handlers> running = new ConcurrentHashMap<>();

    void add(Exchange exchange, Handlers handlers) {
        running.put(exchange, handlers);
    }

    void remove(Exchange exchange) {
        running.remove(exchange);
    }

    /// {@return the handlers that an exchange began with}
    Handlers handlers(Exchange exchange) {
        return running.get(exchange);
    }

    /// {@return them, as they are at each look}
    Collection<Exchange> all() {
        return running.keySet();
    }

    /// {@return whether one of them asks these backends}
    boolean isUsing(Backends backends) {
        return running.values().stream().anyMatch(used -> used.backends() == backends);
    }

    /// Ends them; each client is told `why`.
    void cut(Supplier<ApiException> why) {
        // All are told before the first ends: what one of them frees, another must not begin with.
        all().forEach(exchange -> exchange.answer().cutWith(why.get()));
        all().forEach(exchange -> exchange.answer().cut());
    }

    /// Waits until there are none, or `wait` is over, or an interrupt.
    void awaitNone(Duration wait) {
        long until = System.nanoTime() + wait.toNanos();
        try {
            while (!running.isEmpty() && System.nanoTime() < until) Thread.sleep(10);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
