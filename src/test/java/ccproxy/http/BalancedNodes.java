package ccproxy.http;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/// The real HAProxy in front of nodes that a test plays. Neither is left after it.
class BalancedNodes {
    @TempDir Path folder;
    FakeNodes nodes;
    Balancer balancer;

    /// Starts them.
    ///
    /// @param variables of HAProxy's configuration
    void balance(Map<String, String> variables) throws IOException {
        nodes = new FakeNodes(folder, variables);
        balancer = nodes.balancer();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        if (nodes != null) nodes.close();
    }
}
