"""A gRPC server with the health protocol (grpc.health.v1), by Debian's python3-grpcio.

usage: grpcd.py PLAIN [BARE SECURE KEY CERTIFICATE]
PLAIN, BARE and SECURE are HOST:PORT; BARE has no health service. It prints the ports.
"""
import sys
import time
from concurrent import futures

import grpc

# HealthCheckResponse: field 1 is the state, 1 for SERVING and 2 for NOT_SERVING.
STATES = {b"": b"\x08\x01", b"shop.Orders": b"\x08\x01", b"down": b"\x08\x02"}


def check(request, context):
    service = request[2:]  # HealthCheckRequest: field 1, a text
    if service == b"busy":
        context.abort(grpc.StatusCode.UNAVAILABLE, "try later\n")
    while service == b"slow" and context.is_active():
        time.sleep(0.01)
    if service not in STATES:
        context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
    return STATES[service]


def server(*handlers):
    s = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=[("grpc.so_reuseport", 0)])
    s.add_generic_rpc_handlers(handlers)
    return s


health = grpc.method_handlers_generic_handler(
    "grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(check)})
well, bare = server(health), server()
ports = [well.add_insecure_port(sys.argv[1])]
if len(sys.argv) > 2:
    key, certificate = (open(path, "rb").read() for path in sys.argv[4:6])
    ports.append(bare.add_insecure_port(sys.argv[2]))
    ports.append(well.add_secure_port(sys.argv[3], grpc.ssl_server_credentials([(key, certificate)])))
    bare.start()
well.start()
print(*ports, flush=True)
well.wait_for_termination()
