package ccproxy.claude;

import ccproxy.observe.Log;
import ccproxy.wire.Json;
import java.time.Duration;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// Asks the upstream for its models, at the start and every hour, so that the catalog knows what
/// they can. What fails leaves what is known. Runs on a thread of its own until that is
/// interrupted.
final class ModelRefresh implements Runnable {
    /// The first requests go first.
    private static final Duration AFTER_START = Duration.ofSeconds(1);

    private static final Duration EVERY = Duration.ofHours(1);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(30);

    /// More models than there are: the list is never cut into pages.
    private static final ClientHeaders ALL = new ClientHeaders("limit=1000", Map.of(), Map.of());

    private final Claude api;
    private final ModelCatalog catalog;
    private final Duration every;

    ModelRefresh(Claude api, ModelCatalog catalog, Duration every) {
        this.api = api;
        this.catalog = catalog;
        this.every = every;
    }

    static Thread start(Claude api, ModelCatalog catalog) {
        var refresh = new ModelRefresh(api, catalog, EVERY);
        return Thread.ofVirtual().name("models").start(() -> refresh.runAfter(AFTER_START));
    }

    private void runAfter(Duration wait) {
        try {
            Thread.sleep(wait);
            run();
        } catch (InterruptedException _) {
            // Closed.
        }
    }

    @Override
    public void run() {
        try {
            while (true) {
                refresh();
                Thread.sleep(every);
            }
        } catch (InterruptedException _) {
            // Closed.
        }
    }

    private void refresh() throws InterruptedException {
        try (EventStream list = api.models("", ALL)) {
            catalog.refresh(whole(list).path("data"));
        } catch (RuntimeException e) {
            Log.info("models not refreshed").with("error", String.valueOf(e.getMessage())).write();
        }
    }

    /// Waits as long as the upstream's own limits let it.
    private static JsonNode whole(EventStream list) throws InterruptedException {
        while (true) {
            EventStream.Next next = list.next(LOOK_EVERY);
            if (next instanceof EventStream.Next.Event(var event)) return event.json();
            if (next instanceof EventStream.Next.End) return Json.object();
        }
    }
}
