package ccproxy.http;

import ccproxy.claude.Backends;
import ccproxy.observe.Ids;
import ccproxy.observe.Ledger;
import ccproxy.observe.Metrics;
import ccproxy.observe.Observers;
import ccproxy.observe.RequestContext;
import ccproxy.observe.Trace;
import ccproxy.observe.TraceFolder;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.regex.Pattern;

/// The listener: one context, one virtual thread an exchange, one place where failures are caught.
public final class Server implements AutoCloseable {
    /// Connections that wait to be accepted; the default of 50 makes a burst of clients wait a
    /// second for the next SYN. Linux cuts it at `net.core.somaxconn` (4096).
    private static final int BACKLOG = 4096;

    /// How long an answer that is cut has to say so.
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._-]{8,64}");

    private final ServerSettings settings;
    private final Backends backends;
    private final Observers observers;
    private final RunningExchanges running = new RunningExchanges();
    private final Load load = new Load();
    private final Quotas quotas;
    private HttpServer http;
    private ExecutorService exchanges;
    private Handlers.Lasting lasting;
    private volatile Handlers handlers;
    private volatile boolean isLeaving;
    private volatile boolean isStopping;
    private Function<String, Trace> traces = _ -> Trace.OFF;

    /// A server that has not started and keeps no ledger.
    public Server(ServerSettings settings, Backends backends) {
        this(settings, backends, new Observers(new Metrics(), Ledger.NONE));
    }

    /// A server that has not started.
    ///
    /// @param observers who are told of every exchange that has ended
    public Server(ServerSettings settings, Backends backends, Observers observers) {
        this(
                settings,
                backends,
                observers,
                Quotas.of(settings.access().keys(), observers.ledger()));
    }

    Server(ServerSettings settings, Backends backends, Observers observers, Quotas quotas) {
        this.settings = settings;
        this.backends = backends;
        this.observers = observers;
        this.quotas = quotas;
    }

    /// Traces each request from now on; before the start.
    ///
    /// @return this server
    public Server traced(TraceFolder folder) {
        traces = folder::next;
        return this;
    }

    /// Binds and serves.
    ///
    /// @throws IOException when the address is taken or not ours
    public void start() throws IOException {
        http = bound(settings.listen());
        var observed = new Observed(observers, running.all(), load);
        lasting = new Handlers.Lasting(new ClientWatch(port()), observed, quotas);
        handlers = new Handlers(settings, backends, lasting);
        exchanges =
                // Not numbered: the JDK's way of counting them costs the first answer 10 ms.
                Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("exchange").factory());
        http.setExecutor(exchanges);
        http.createContext("/", this::serve);
        http.start();
    }

    /// From now on answers as other settings say; exchanges that run end as they began. The socket
    /// stays as it is.
    public void swap(ServerSettings settings, Backends backends) {
        handlers = new Handlers(settings, backends, lasting);
    }

    /// {@return whether exchanges ask these backends, or will}
    public boolean isUsing(Backends backends) {
        return handlers.backends() == backends || running.isUsing(backends);
    }

    private static HttpServer bound(ServerSettings.Listen listen) throws IOException {
        var address = new InetSocketAddress(listen.host(), listen.port());
        if (!listen.keystore().isThere()) return HttpServer.create(address, BACKLOG);
        TlsConfigurator tls = TlsConfigurator.of(listen.keystore());
        HttpsServer server = HttpsServer.create(address, BACKLOG);
        server.setHttpsConfigurator(tls);
        return server;
    }

    /// {@return whether a session may have this id}
    public static boolean isSessionId(String id) {
        return Route.isSessionId(id);
    }

    /// {@return the port that it listens on}
    public int port() {
        return http.getAddress().getPort();
    }

    private void serve(HttpExchange exchange) {
        String given = exchange.getRequestHeaders().getFirst("x-request-id");
        boolean isUsable = given != null && REQUEST_ID.matcher(given).matches();
        String id = isUsable ? given : Ids.next("req_");
        Load.Share share = load.share();
        Trace trace = traces.apply(id);
        Exchange begun = begin(exchange, id, share, trace);
        Handlers with = running.handlers(begun);
        begun.context().run(() -> trace.run(() -> share.run(() -> serve(begun, with))));
    }

    /// Who closes the backends of handlers that were swapped away must see all that use them.
    private Exchange begin(HttpExchange http, String id, Load.Share share, Trace trace) {
        String client = http.getRemoteAddress().getAddress().getHostAddress();
        Route route = Route.of(http.getRequestURI().getRawPath());
        for (; ; ) {
            Handlers now = handlers;
            ClientKey key = now.identify(http.getRequestHeaders());
            var context = new RequestContext(id, client, key.name());
            var exchange =
                    new Exchange(http, new Exchange.Known(context, route, key, trace, share));
            running.add(exchange, now);
            if (now == handlers) return exchange;
            running.remove(exchange);
        }
    }

    /// The one catch: whatever goes wrong, the client hears of it in its own API's words, the log
    /// gets its line, and the server lives on.
    private void serve(Exchange exchange, Handlers handlers) {
        boolean isGone = false;
        try {
            exchange.set("x-request-id", exchange.context().requestId());
            // The one that Anthropic's SDKs read; an upstream's own replaces it.
            if (exchange.isMessages()) exchange.set("request-id", exchange.context().requestId());
            // A kept connection would lead its next request here.
            if (isLeaving) exchange.set("connection", "close");
            handlers.answer(exchange, new Handlers.Stage(isLeaving, isStopping));
        } catch (ClientGoneException _) {
            isGone = true;
        } catch (Throwable thrown) {
            isGone = !isTold(exchange, thrown);
        } finally {
            try {
                exchange.end(isGone, observers);
            } finally {
                running.remove(exchange);
            }
        }
    }

    private static boolean isTold(Exchange exchange, Throwable thrown) {
        try {
            exchange.fail(Failures.told(thrown));
            return true;
        } catch (ClientGoneException _) {
            return false;
        }
    }

    /// Says on `/health/ready` that it is about to stop, and serves on for `delay`: so who spreads
    /// requests over several servers can choose another before one is refused. An interrupt ends
    /// the wait.
    public void leave(Duration delay) {
        isLeaving = true;
        try {
            Thread.sleep(delay);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Takes no new connections and no new requests, lets those that run finish, and tells those
    /// that do not within `grace` so.
    ///
    /// The socket closes at once: a refused connection is what every balancer takes elsewhere by
    /// itself, also with a request that it must not send twice. On connections that are kept,
    /// requests hear 503 and `connection: close`; those on which nothing runs are closed.
    public void stop(Duration grace) {
        if (http == null) return;
        isLeaving = true;
        isStopping = true;
        // This waits for what runs, and closes the idle connections when nothing does any more.
        int seconds = (int) Math.min(Integer.MAX_VALUE, grace.plus(LAST_WORDS).toSeconds() + 1);
        Thread.ofPlatform().daemon().name("stop").start(() -> http.stop(seconds));
        running.awaitNone(grace);
        running.cut(Failures::stopping);
        running.awaitNone(LAST_WORDS);
        close();
        // Who could not be told, because it does not read, is cut off, and has its line now.
        running.awaitNone(LAST_WORDS);
    }

    @Override
    public void close() {
        if (http == null) return;
        // Under TLS the JDK's server would say goodbye on each connection first, and wait for ever
        // for one whose writer waits for a client that does not read. An interrupt closes it.
        exchanges.shutdownNow();
        http.stop(0);
    }
}
