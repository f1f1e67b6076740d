BEGIN TRANSACTION;
CREATE TABLE metrics (
    number  INTEGER PRIMARY KEY,
    run     TEXT NOT NULL,
    step    INTEGER NOT NULL,
    split   TEXT NOT NULL,
    name    TEXT NOT NULL,
    value   REAL,
    seconds REAL NOT NULL
);
INSERT INTO "metrics" VALUES(1,'20261122-184212-f74ddced',1,'train','loss',1.46050393581390380859e+00,1.20688909955788403749e-02);
INSERT INTO "metrics" VALUES(2,'20261122-184212-f74ddced',1,'train','accuracy',0.125,1.20688909955788403749e-02);
INSERT INTO "metrics" VALUES(3,'20261122-184212-f74ddced',1,'train','learning_rate',0.002,1.20688909955788403749e-02);
INSERT INTO "metrics" VALUES(4,'20261122-184212-f74ddced',2,'train','loss',1.39936733245849609375e+00,1.64959800022188574075e-02);
INSERT INTO "metrics" VALUES(5,'20261122-184212-f74ddced',2,'train','accuracy',0.21875,1.64959800022188574075e-02);
INSERT INTO "metrics" VALUES(6,'20261122-184212-f74ddced',2,'train','learning_rate',1.80901699437494749636e-03,1.64959800022188574075e-02);
INSERT INTO "metrics" VALUES(7,'20261122-184212-f74ddced',3,'train','loss',1.37062811851501464843e+00,2.04955799999879673123e-02);
INSERT INTO "metrics" VALUES(8,'20261122-184212-f74ddced',3,'train','accuracy',0.375,2.04955799999879673123e-02);
INSERT INTO "metrics" VALUES(9,'20261122-184212-f74ddced',3,'train','learning_rate',1.30901699437494748595e-03,2.04955799999879673123e-02);
INSERT INTO "metrics" VALUES(10,'20261122-184212-f74ddced',4,'train','loss',1.41914391517639160156e+00,2.45043369941413402557e-02);
INSERT INTO "metrics" VALUES(11,'20261122-184212-f74ddced',4,'train','accuracy',0.25,2.45043369941413402557e-02);
INSERT INTO "metrics" VALUES(12,'20261122-184212-f74ddced',4,'train','learning_rate',6.90983005625052664096e-04,2.45043369941413402557e-02);
INSERT INTO "metrics" VALUES(13,'20261122-184212-f74ddced',5,'train','loss',1.37981772422790527343e+00,2.85754810029175132513e-02);
INSERT INTO "metrics" VALUES(14,'20261122-184212-f74ddced',5,'train','accuracy',0.28125,2.85754810029175132513e-02);
INSERT INTO "metrics" VALUES(15,'20261122-184212-f74ddced',5,'train','learning_rate',1.90983005625052653687e-04,2.85754810029175132513e-02);
INSERT INTO "metrics" VALUES(16,'20261122-184212-f74ddced',5,'validation','loss',1.3928070068359375e+00,3.1600870992406271398e-02);
INSERT INTO "metrics" VALUES(17,'20261122-184212-f74ddced',5,'validation','accuracy',0.25,3.1600870992406271398e-02);
CREATE TABLE runs (
    id        TEXT PRIMARY KEY,
    created   REAL NOT NULL,
    started   REAL,
    ended     REAL,
    config    TEXT NOT NULL,
    state     TEXT NOT NULL,
    want      TEXT NOT NULL DEFAULT 'run',
    heartbeat REAL,
    step      INTEGER NOT NULL DEFAULT 0,
    steps     INTEGER NOT NULL DEFAULT 0,
    latest    TEXT NOT NULL DEFAULT '{}',
    message   TEXT NOT NULL DEFAULT ''
);
INSERT INTO "runs" VALUES('20261122-184212-f74ddced',1.79537293240793776509e+09,1.79537293711208939548e+09,1.79537293715834474563e+09,'{"architecture": "cvexplore/simple_cnn", "options": {"width": 4, "hidden": 16}, "approach": {"name": "supervised", "options": {}}, "dataset": {"name": "shapes", "options": {"count": 200, "image_size": 16}}, "schedule": {"name": "cosine", "options": {}}, "optimizer": "sgd", "learning_rate": 0.002, "weight_decay": 0.01, "batch_size": 32, "epochs": 1, "steps": 0, "validation": 0.2, "seed": 0, "snapshots": 0}','finished','run',1.79537293714909482007e+09,5,5,'{"train/loss": 1.3798177242279053, "train/accuracy": 0.28125, "train/learning_rate": 0.00019098300562505265, "validation/loss": 1.3928070068359375, "validation/accuracy": 0.25}','');
INSERT INTO "runs" VALUES('20261122-184217-044863b7',1.79537293716030287742e+09,NULL,1.79537293716451215748e+09,'{"architecture": "cvexplore/simple_cnn", "options": {"width": 4, "hidden": 16}, "approach": {"name": "supervised", "options": {}}, "dataset": {"name": "shapes", "options": {"count": 200, "image_size": 16}}, "schedule": {"name": "cosine", "options": {}}, "optimizer": "sgd", "learning_rate": 0.002, "weight_decay": 0.01, "batch_size": 32, "epochs": 1, "steps": 0, "validation": 0.2, "seed": 0, "snapshots": 0}','stopped','stop',NULL,0,0,'{}','');
INSERT INTO "runs" VALUES('20261122-184217-02a417d8',1.79537293716616773607e+09,NULL,NULL,'{"architecture": "cvexplore/simple_cnn", "options": {"width": 4, "hidden": 16}, "approach": {"name": "supervised", "options": {}}, "dataset": {"name": "shapes", "options": {"count": 200, "image_size": 16}}, "schedule": {"name": "cosine", "options": {}}, "optimizer": "sgd", "learning_rate": 0.002, "weight_decay": 0.01, "batch_size": 32, "epochs": 1, "steps": 0, "validation": 0.2, "seed": 0, "snapshots": 0}','queued','run',NULL,0,0,'{}','');
CREATE INDEX runs_by_state ON runs (state);
CREATE INDEX metrics_by_run ON metrics (run, number);
COMMIT;
