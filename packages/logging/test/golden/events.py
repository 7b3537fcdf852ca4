"""Logs the events that python.test.ts logs, with Python's logging and the guide's LOGGING_CONFIG."""
import logging
import logging.config
import sys

logging.config.dictConfig({
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.jsonlogger.JsonFormatter",
            "format": "%(asctime)s %(name)s %(levelname)s %(message)s"
        }
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}
    },
    "root": {"level": "DEBUG", "handlers": ["console"]}
})

logger = logging.getLogger()
plugin = logging.getLogger("mcp.plugin")

logger.debug("detail")
logger.info("started on port %d", 5000)
logger.warning("queue is long", extra={"depth": 120})
logger.error("failed")
logger.critical("going down")
logger.info({"type": "access", "method": "GET", "path": "/help", "status": 200, "duration_ms": 3.5})
plugin.info({"type": "plugin", "plugin": "sum", "command": "md5", "status": "success", "duration_ms": 1200})
logger.error({
    "type": "error",
    "error": str(ValueError("boom")),
    "traceback": "Traceback: boom\n  line 1",
    "context": {"job": 7, "deep": {"list": [1, None, True]}}
})
logger.info({"type": "audit", "action": "login", "user": "alice", "details": {"ip": "10.0.0.1"}})
logger.info("quotes \" and \\ and \n newline \u001b[31m")
